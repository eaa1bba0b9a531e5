"""Help on what AWS accepted, but did not finish."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.help import documents
from apigw_ws_admin.help.values import Cause, Entry, Family

ENTRIES: Final = (
    Entry(
        codes=("FAILED", "PENDING"),
        family=Family.AWS,
        title=_("AWS did not deploy the API"),
        means=_(
            "AWS made the deployment, and did not get it to the state DEPLOYED; the stage serves the one "
            "before."
        ),
        causes=(
            Cause(
                why=_("A route or a model of the API is not valid as a whole."),
                tell=_("AWS's sentence about the deployment says which."),
            ),
            Cause(why=_("AWS takes longer than we wait."), tell=_("The code is PENDING.")),
        ),
        steps=(_("Look at the plan, and apply it again: it deploys anew if that is still to be done."),),
        places=("gateways", "runs"),
        documents=(documents.DEPLOY,),
    ),
    Entry(
        codes=("PENDING_CERTIFICATE_REIMPORT", "PENDING_OWNERSHIP_VERIFICATION", "UPDATING"),
        family=Family.AWS,
        title=_("The custom domain is not available yet"),
        means=_(
            "AWS took the domain, and has not made it available: it is still at work, or waits for a person."
        ),
        causes=(
            Cause(why=_("AWS takes longer than we wait."), tell=_("The code is UPDATING.")),
            Cause(
                why=_(
                    "A certificate that was imported, or of a private authority, needs proof that the "
                    "domain is yours."
                ),
                tell=_("The code is PENDING_OWNERSHIP_VERIFICATION."),
            ),
            Cause(
                why=_("The certificate was imported anew, and AWS wants it again."),
                tell=_("The code is PENDING_CERTIFICATE_REIMPORT."),
            ),
        ),
        steps=(
            _("Wait some minutes, then apply the gateway again."),
            _("Where AWS wants proof or a certificate, give it in AWS's console under Custom domain names."),
        ),
        places=("gateways", "doctor"),
        documents=(documents.DOMAINS, documents.CERTIFICATES),
    ),
)
