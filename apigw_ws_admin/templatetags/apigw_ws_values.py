"""Times and IDs in templates, as ``moments`` and ``identifiers`` have them."""

from __future__ import annotations

from django import template

from apigw_ws_admin.identifiers import identifier, identifiers, with_requests
from apigw_ws_admin.moments import clock, exactly, lasting, moment, past

register = template.Library()

register.filter("ago", past)
register.filter("clock", clock)
register.filter("exactly", exactly)
register.filter("identifier", identifier)
register.filter("identifiers", identifiers)
register.filter("live", moment)
register.filter("milliseconds", lambda number: lasting(number / 1000))
register.filter("with_requests", with_requests)
