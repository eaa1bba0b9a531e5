"""Breadcrumbs at the head of a page."""

from __future__ import annotations

from django.apps import apps
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.text import capfirst

from apigw_ws_admin.sites import reverse

#: A step's text and URL; no URL for those who may not go there, and for the page itself.
Step = tuple[str | Promise, str]


def trail(*steps: Step) -> str:
    """Return the breadcrumbs from the app by these steps, as HTML."""
    app = apps.get_app_config("apigw_ws")
    first = (capfirst(app.verbose_name), reverse("admin:app_list", args=[app.label]))
    return render_to_string("apigw_ws_admin/trail.html", {"steps": (first, *steps)})
