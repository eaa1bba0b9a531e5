"""Template filters that link a failure to the page about its code."""

from __future__ import annotations

from django import template

from apigw_ws_admin.help import links

register = template.Library()

register.filter("explained", links.explained)
register.filter("help_link", links.link)
register.filter("help_sign", links.sign)
register.filter("guard_code", links.guard)
register.filter("finding_code", links.finding)
