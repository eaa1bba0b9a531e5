"""Help on what this package refuses for gateways and their runs. The codes are its exceptions."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.help import documents
from apigw_ws_admin.help.values import Cause, Entry, Family

ENTRIES: Final = (
    Entry(
        codes=(
            "ConfigurationError",
            "NoRegionError",
            "ProfileNotFound",
            "InvalidRegionError",
            "ConfigParseError",
            "InvalidConfigError",
        ),
        family=Family.OURS,
        title=_("A setting is missing or wrong"),
        means=_(
            "The record, the account or the project's settings lack a value without which AWS cannot be "
            "asked."
        ),
        causes=(
            Cause(
                why=_("No region is named, neither on the gateway nor on its account nor in the settings."),
                tell=_("The sentence says “You must specify a region”."),
            ),
            Cause(
                why=_("The account names a profile that this server, or the worker's, does not have."),
                tell=_("The system check apigw_ws.W008 names it."),
            ),
            Cause(
                why=_("The gateway has a domain and no certificate, or a target URL that AWS cannot call.")
            ),
            Cause(why=_("The profile asks for an MFA code, which nobody can enter on a server.")),
        ),
        steps=(
            _("Enter what the sentence names, on the gateway or on its account."),
            _("Run the system checks on the server of the worker, too: it may be set up differently."),
        ),
        settings=("REGION", "ENDPOINT_URL"),
        places=("gateways", "accounts", "doctor"),
        command="manage.py check --database default",
        documents=(documents.CREDENTIALS,),
    ),
    Entry(
        codes=("NotProvisioned",),
        family=Family.OURS,
        title=_("The gateway is not in AWS"),
        means=_(
            "The record has no API, or its stage no deployment, so there is nothing to ask or to send to."
        ),
        causes=(
            Cause(
                why=_("It was never applied, or the first run failed."),
                tell=_("Its health is “Never applied” or “Failing”."),
            ),
            Cause(why=_("It was torn down, and the record was kept."), tell=_("Its last run is a teardown.")),
        ),
        steps=(_("Look at the gateway's plan, and apply it."),),
        places=("gateways", "runs"),
        command="manage.py ws_apply --pk 1",
        documents=(documents.DEPLOY,),
    ),
    Entry(
        codes=("PlanChanged",),
        family=Family.OURS,
        title=_("The plan is another by now"),
        means=_(
            "Between the moment the plan was shown and the moment it was confirmed, the record or AWS "
            "changed."
        ),
        causes=(
            Cause(
                why=_("A colleague changed or applied the gateway meanwhile."),
                tell=_("The activity shows who."),
            ),
            Cause(
                why=_("Somebody changed the API in AWS's console."), tell=_("The page “Drift” shows what.")
            ),
            Cause(why=_("A page with the plan was open for long, and confirmed late.")),
        ),
        steps=(_("Nothing was done. Look at the new plan, and confirm that."),),
        places=("gateways", "activity"),
    ),
    Entry(
        codes=("RunInProgress",),
        family=Family.OURS,
        title=_("Another run is at work"),
        means=_(
            "A gateway has one run at a time, and somebody else's has not ended; nothing of yours was done."
        ),
        causes=(
            Cause(
                why=_("A colleague, a task or a command applies the same gateway."),
                tell=_("The sentence says who, and since when."),
            ),
            Cause(
                why=_(
                    "The process of a run was killed. It counts as dead once it has given no sign of life "
                    "for a while."
                ),
                tell=_("The run's last sign of life is minutes ago, and it does not wait for AWS."),
            ),
        ),
        steps=(
            _("Wait until it has ended, then look at the plan again."),
            _("The next run ends one that is dead, and finishes what it left."),
        ),
        places=("runs", "gateways"),
    ),
    Entry(
        codes=("OwnershipConflict",),
        family=Family.OURS,
        title=_("It is in AWS, and is not ours"),
        means=_(
            "What the plan needs exists in AWS, made by somebody else or by another project; it was left "
            "alone."
        ),
        causes=(
            Cause(
                why=_("A route, stage or domain of that name was made by hand, or by Terraform or CDK."),
                tell=_("It lacks the tag or the mark that this console writes on what it makes."),
            ),
            Cause(
                why=_("Another project with this console manages the same API."),
                tell=_("The tag of the API in AWS has another owner."),
            ),
            Cause(
                why=_("The database is a copy of another environment's: its records claim that one's APIs.")
            ),
        ),
        steps=(
            _(
                "Adopt the API if it is yours from now on; or choose another name for the route, stage or "
                "domain."
            ),
            _("After copying a database, remove the copied gateways' records; do not tear them down."),
        ),
        places=("adopt", "gateways"),
        command="manage.py ws_adopt",
    ),
    Entry(
        codes=("SecretOutdated",),
        family=Family.OURS,
        title=_("That deployment sends an old secret"),
        means=_(
            "Django would refuse every event of the deployment that you wanted to go back to; nothing was "
            "done."
        ),
        causes=(
            Cause(why=_("The gateway's secret was rotated, and the old one retired, after that deployment.")),
        ),
        steps=(
            _("Go back to a deployment that was made since the rotation."),
            _(
                "Or change the routes as they were then, and apply: that deploys them with the secret of "
                "today."
            ),
        ),
        places=("gateways",),
    ),
    Entry(
        codes=("RotationRefused",),
        family=Family.OURS,
        title=_("The rotation is not that far, or further"),
        means=_("A step in the rotation of the secret would come too early or too late; nothing was done."),
        causes=(
            Cause(
                why=_(
                    "The new secret is not live yet: the old one would be retired while AWS still sends it."
                ),
                tell=_("The page “Security” says that AWS still sends the old version."),
            ),
            Cause(
                why=_("Open sessions came with the old secret."),
                tell=_("The page “Security” counts them by version."),
            ),
            Cause(why=_("A colleague took the step already."), tell=_("The activity shows who.")),
        ),
        steps=(_("Go on as the page “Security” of the gateway says; it knows how far the rotation is."),),
        places=("gateways", "activity"),
        command="manage.py ws_rotate_secret --pk 1",
    ),
)
