"""Help on our system checks that are errors: Django does not start, or the console does not work."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.help.checks import check

ENTRIES: Final = (
    check(
        "E001",
        _("APIGW_WS is no dict"),
        _("The settings have an APIGW_WS that is not a dict, so none of its values can be read."),
        _("Write APIGW_WS = {…}. docs/settings.md has an example."),
    ),
    check(
        "E002",
        _("A setting that does not exist"),
        _("APIGW_WS has a key that nothing reads: a slip of the pen, or a setting of another version."),
        _("Correct it. The hint names the key that is spelt most alike."),
    ),
    check(
        "E003",
        _("A setting of the wrong type"),
        _("A value in APIGW_WS, or an item of one, is of another type than it has to be."),
        _("Write what the hint says. A list with one item needs its brackets."),
    ),
    check(
        "E004",
        _("A number that is too small"),
        _("A number in APIGW_WS is below its minimum."),
        _("Raise it. Many settings take 0 for “no limit” or “never”, as docs/settings.md says."),
    ),
    check(
        "E005",
        _("No origin"),
        _(
            "An item of ALLOWED_ORIGINS is no origin: it lacks the scheme, has a path, or a * in the wrong "
            "place."
        ),
        _("Write scheme and host, as https://www.example.com, or https://*.example.com."),
        settings=("ALLOWED_ORIGINS",),
    ),
    check(
        "E006",
        _("A guard that guards nothing"),
        _(
            "A view has a method or attribute that kept clients out in django-aws-api-gateway-websockets, "
            "and is not read here: it is open."
        ),
        _("Write a guard in its place and add it to the view's guards, or set what the hint names."),
    ),
    check(
        "E007",
        _("The endpoint is no URL"),
        _("ENDPOINT_URL has to be an http or https URL, without a path to AWS's operations."),
        _("Correct it, or take it out: without it AWS itself is asked."),
        settings=("ENDPOINT_URL",),
    ),
    check(
        "E008",
        _("Read-only, and nobody sees to it"),
        _(
            "READ_ONLY is set, and the middleware that refuses changes is not installed: everything can be "
            "changed."
        ),
        _("Put apigw_ws_admin.readers.ReadOnlyMiddleware at the end of MIDDLEWARE."),
        settings=("READ_ONLY",),
    ),
    check(
        "E009",
        _("Tables in two databases"),
        _("Routers keep users, groups or permissions in another database than the tables of this package."),
        _("Have DATABASE_ROUTERS keep apigw_ws, auth and the app of your users in one database."),
    ),
    check(
        "E010",
        _("Two versions of Alpine"),
        _(
            "The policy without “unsafe-eval” is on, and Unfold's own Alpine is loaded before the one that "
            "can do without."
        ),
        _("Put apigw_ws_admin.strict_csp before unfold in INSTALLED_APPS."),
    ),
    check(
        "E011",
        _("No site of Unfold's"),
        _(
            "The console is on an admin site that is none of Unfold's, so that its templates do not work "
            "there."
        ),
        _(
            "Make the site a subclass of unfold.sites.UnfoldAdminSite; your own ModelAdmins work on it as "
            "they are."
        ),
        settings=("ADMIN_SITE",),
    ),
    check(
        "E012",
        _("Nothing knows htmx"),
        _(
            "Pages of the console ask for their parts by htmx, and no middleware tells such requests from "
            "others."
        ),
        _("Put the two middlewares that the hint names at the end of MIDDLEWARE."),
    ),
)
