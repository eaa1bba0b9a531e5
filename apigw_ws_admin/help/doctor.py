"""Help on the doctor's questions. Its answers bring their own reasons; here is what a question is about."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.help import documents
from apigw_ws_admin.help.values import Document, Entry, Family, Text

PREFIX: Final = "doctor."


def _question(
    key: str, title: Text, means: Text, step: Text, *more: Document, places: tuple[str, ...] = ()
) -> Entry:
    return Entry(
        codes=(f"{PREFIX}{key}",),
        family=Family.DOCTOR,
        title=title,
        means=means,
        steps=(step,),
        places=("doctor", *places),
        command="manage.py ws_doctor",
        documents=more,
    )


ENTRIES: Final = (
    _question(
        "identity",
        _("Access to AWS"),
        _("Whether AWS lets Django in, and as whom: red where it refuses, unknown where it does not answer."),
        _(
            "Renew the credentials, or correct the role of the account. Until then nothing can be read or "
            "sent."
        ),
        documents.CREDENTIALS,
        documents.ROLES,
        places=("accounts",),
    ),
    _question(
        "permissions",
        _("Permissions"),
        _(
            "Which of the actions that it needs AWS denies. Red: nothing can be read or sent; else only a "
            "part fails."
        ),
        _("Attach the IAM policy of the gateway's page “Security” to Django's user or role."),
        documents.PERMISSIONS,
        documents.CONTROL_ACCESS,
    ),
    _question(
        "applied",
        _("Record and AWS"),
        _(
            "Whether AWS has what the record says. A difference is a change that nobody applied, or one "
            "made in AWS."
        ),
        _("Review the plan and apply it, or take AWS's side on the page “Drift”."),
        documents.DEPLOY,
        places=("gateways",),
    ),
    _question(
        "target",
        _("Target"),
        _("Whether the URL that API Gateway calls answers. This server asks it; AWS may see it differently."),
        _("Correct the target URL, its DNS, its certificate or ALLOWED_HOSTS, as the finding says."),
        documents.METRICS,
    ),
    _question(
        "target_url",
        _("Target URL"),
        _("The gateway has no target URL, so there is nothing that API Gateway could call."),
        _("Enter where your view is, in the gateway's settings."),
        places=("gateways",),
    ),
    _question(
        "secret",
        _("Secret on the integrations"),
        _(
            "Whether each integration in AWS brings a secret that Django accepts. Red: Django refuses every "
            "event of it."
        ),
        _("Apply the gateway: that writes the secret into every integration."),
        documents.DATA_MAPPING,
        places=("refusals",),
    ),
    _question(
        "deployment",
        _("Deployment of the stage"),
        _(
            "Whether the stage serves the newest deployment. After a rollback it does not, and that is as "
            "wanted."
        ),
        _("Where nobody rolled back on purpose, apply the gateway, or choose a deployment in its history."),
        documents.DEPLOY,
    ),
    _question(
        "log_role",
        _("Log role"),
        _(
            "Whether API Gateway has a role to write logs with. One holds for all APIs of an account's "
            "region."
        ),
        _("In AWS's console, API Gateway, Settings: enter a role. Or switch the gateway's logs off."),
        documents.LOGS,
    ),
    _question(
        "certificate",
        _("Certificate"),
        _(
            "Whether the custom domain's certificate is issued, and until when. Once it ends, no client "
            "connects."
        ),
        _("Have ACM issue another one in the same region, and choose it in the gateway's settings."),
        documents.CERTIFICATES,
    ),
    _question(
        "dns",
        _("DNS"),
        _("Whether the custom domain leads to the gateway, as this server's DNS sees it."),
        _(
            "Point the domain at the name that AWS gave it, by an alias or a CNAME record; then wait out "
            "the TTL."
        ),
        documents.DOMAINS,
    ),
    _question(
        "last_run",
        _("Last run"),
        _(
            "Whether the last run left AWS half way: red where it failed or was cut off, and none has made "
            "it good."
        ),
        _("Open the run: its last step has AWS's answer. Remove the cause, then apply again."),
        places=("runs",),
    ),
    _question(
        "rotation",
        _("Rotation of the secret"),
        _("A rotation was begun and is not finished, so that two versions of the secret are accepted."),
        _("Go on with it on the gateway's page “Security”: it says when the old version can be retired."),
    ),
    _question(
        "reaper",
        _("Reaper"),
        _("Whether somebody closes the sessions whose end nobody told: AWS does not promise $disconnect."),
        _("Keep “manage.py ws_reap --forever” running beside the worker, as a service of its own."),
        documents.CONNECT,
        places=("sessions",),
    ),
    _question(
        "looks",
        _("Looks at AWS"),
        _("Which gateways could not be looked at in AWS while nobody had their pages open, and why."),
        _("Open the doctor of one of them: it asks AWS now. Their drift is shown as it was last seen."),
        documents.CREDENTIALS,
    ),
    _question(
        "checks",
        _("Settings, views and URLs"),
        _("What the system checks say of the project. Each of their findings has a code of its own."),
        _("Run them on each server: their settings may differ."),
        documents.CHECKS,
    ),
)
