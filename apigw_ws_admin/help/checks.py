"""Help on our system checks that warn. A check itself says whom it is about; here is why it matters."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.help import documents
from apigw_ws_admin.help.values import Entry, Family, Text

COMMAND: Final = "manage.py check --deploy --database default"


def check(
    number: str,
    title: Text,
    means: Text,
    step: Text,
    settings: tuple[str, ...] = (),
    places: tuple[str, ...] = (),
) -> Entry:
    return Entry(
        codes=(f"apigw_ws.{number}", number),
        family=Family.CHECK,
        title=title,
        means=means,
        steps=(step, _("If it is as you want it, add its ID to SILENCED_SYSTEM_CHECKS."))
        if number[0] == "W"
        else (step,),
        settings=settings,
        places=places,
        command=COMMAND,
        documents=(documents.CHECKS,),
    )


ENTRIES: Final = (
    check(
        "W001",
        _("No URL takes the route"),
        _("A WebSocketView is mounted at a URL without a route, so that $connect cannot arrive."),
        _('Mount it with the route, as the hint shows: path("ws/<slug:route>", …).'),
    ),
    check(
        "W002",
        _("Tokens are demanded, and none are issued"),
        _("A view demands a connect token, and no URL leads to WebSocketTokenView: nobody can connect."),
        _("Mount WebSocketTokenView at a URL from which your pages fetch tokens."),
        settings=("USE_WS_TOKEN",),
    ),
    check(
        "W003",
        _("Every page may connect"),
        _("ALLOWED_ORIGINS has *, so any page that a user opens can connect with that user's cookies."),
        _("Name the origins of your pages."),
        settings=("ALLOWED_ORIGINS",),
    ),
    check(
        "W004",
        _("A host that Django does not answer to"),
        _("A gateway calls a host that ALLOWED_HOSTS lacks: Django answers its events with 400."),
        _("Add the host to ALLOWED_HOSTS, or correct the gateway's target URL."),
        places=("gateways",),
    ),
    check(
        "W005",
        _("A name that is not read here"),
        _(
            "A view has another method or attribute of django-aws-api-gateway-websockets that has no effect "
            "here."
        ),
        _("Remove it, or use what the hint names instead."),
    ),
    check(
        "W006",
        _("Pages without an origin may connect"),
        _("ALLOWED_ORIGINS has “null”, which any page can make its own by a sandboxed frame."),
        _("Take it out, unless your client is an app that sends it; then demand tokens."),
        settings=("ALLOWED_ORIGINS", "USE_WS_TOKEN"),
    ),
    check(
        "W007",
        _("Signed cookies have no key"),
        _("Tokens are tied to the session's key, and sessions that live in signed cookies have none."),
        _("Use Django's database, cache or file sessions."),
    ),
    check(
        "W008",
        _("A profile that is not here"),
        _("An AWS account names a profile that this server's AWS configuration lacks; others may have it."),
        _("Add the profile on each server and worker, for the user that Django runs as."),
        places=("accounts",),
    ),
    check(
        "W009",
        _("The cookie does not reach the gateway"),
        _(
            "The gateway is another host than your site, and the session cookie is not sent there: connects "
            "are anonymous."
        ),
        _("Give the gateway a domain below your site's, and set SESSION_COOKIE_DOMAIN to the site's."),
        places=("gateways",),
    ),
    check(
        "W010",
        _("SameSite keeps the cookie back"),
        _("Pages of another site may connect, and their browsers do not send the session cookie along."),
        _(
            'Set SESSION_COOKIE_SAMESITE to "None" and SESSION_COOKIE_SECURE, or serve the pages below your '
            "site."
        ),
        settings=("ALLOWED_ORIGINS",),
    ),
    check(
        "W011",
        _("Pages of the gateway's own domain may not connect"),
        _(
            "Without a list, pages of the site that API Gateway calls may connect: here that is another "
            "than the gateway's."
        ),
        _("Add the origins of your pages to ALLOWED_ORIGINS or to CSRF_TRUSTED_ORIGINS."),
        settings=("ALLOWED_ORIGINS",),
    ),
    check(
        "W012",
        _("The target leads to no view"),
        _("A gateway calls a path of this project that no URL takes to a WebSocketView: events get 404."),
        _("Mount the view there, or correct the gateway's target URL."),
        places=("gateways",),
    ),
    check(
        "W013",
        _("A task backend without a worker"),
        _("Runs and broadcasts hold up the page that starts them, or never begin."),
        _(
            "Name a backend with a worker in TASKS, such as django_tasks_db.DatabaseBackend, and keep "
            "db_worker running."
        ),
    ),
    check(
        "W014",
        _("ALLOWED_HANDLERS and handlers differ"),
        _("A view's list names what nothing handles, or leaves out what the same view handles."),
        _("Correct the name, add it, or remove the method."),
    ),
    check(
        "W015",
        _("Nobody has decided on other channels"),
        _(
            "Anybody who may connect may join a channel that no channel permission names, as the setting's "
            "default has it."
        ),
        _("Set it to False and write channel permissions, or to True if that is meant."),
        settings=("ALLOW_UNLISTED_CHANNELS",),
        places=("rules",),
    ),
    check(
        "W016",
        _("There is no pycurl"),
        _("Messages to many connections go through boto3, at about a twentieth of the speed."),
        _("Install apigw-ws[fast] on the worker."),
    ),
    check(
        "W017",
        _("The console is not mounted"),
        _("Admin sites are mounted, and the one that has the console is not among them: nobody can open it."),
        _("Name in ADMIN_SITE the site that your URLs lead to."),
        settings=("ADMIN_SITE",),
    ),
)


def of_others(code: str) -> Entry:
    """Return an entry for a check of Django or another app."""
    return Entry(
        codes=(code,),
        family=Family.CHECK,
        title=_("Another app's system check"),
        means=_("This ID is one of Django's checks, or of another app's. What it found stands beside it."),
        steps=(_("Run the checks: each says what it found, and most say what to do."),),
        command=COMMAND,
        documents=(documents.CHECKS,),
    )
