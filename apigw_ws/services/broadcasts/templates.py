"""Message templates with ``{{ variables }}``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apigw_ws.exceptions import BroadcastError
from apigw_ws.models import AuditEvent, BroadcastTemplate
from apigw_ws.services import audit

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

_VARIABLE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
#: A whole JSON string, or a variable outside of one.
_PART: Final = re.compile(r'"(?:\\.|[^"\\])*"|\{\{\s*\w+\s*\}\}', re.DOTALL)


def variables(payload: str) -> list[str]:
    """Return the names of the variables, each once, in order."""
    return list(dict.fromkeys(_VARIABLE.findall(payload)))


def fill(payload: str, values: Mapping[str, Any]) -> str:
    """Return the payload with its variables' values, escaped for JSON: no value can end the string it is in.

    Outside of a string, numbers, true, false and null stay what they are; anything else becomes a string.
    Raises BroadcastError for a variable without a value.
    """
    if missing := [name for name in variables(payload) if name not in values]:
        raise BroadcastError(
            _("The template needs a value for %s.") % ", ".join(f"“{name}”" for name in missing)
        )
    return _PART.sub(lambda part: _filled(part[0], values), payload)


def save(
    *,
    name: str,
    payload: str,
    description: str = "",
    by: AbstractBaseUser | None = None,
    ip: str | None = None,
) -> BroadcastTemplate:
    """Save a template; an AuditEvent holds its name. Raises BroadcastError for a bad name."""
    template = BroadcastTemplate(name=name.strip(), payload=payload, description=description)
    try:
        template.full_clean()
    except ValidationError as error:
        raise BroadcastError(" ".join(error.messages)) from error
    with audit.recorded(AuditEvent.Verb.ADD, None, what=template.name, by=by, ip=ip):
        template.save(force_insert=True)
    return template


def _filled(part: str, values: Mapping[str, Any]) -> str:
    as_json: Callable[[Any], str] = _inside if part.startswith('"') else _alone
    return _VARIABLE.sub(lambda found: as_json(values[found[1]]), part)


def _inside(value: Any) -> str:
    return json.dumps(str(value), ensure_ascii=False)[1:-1]


def _alone(value: Any) -> str:
    try:
        known = json.loads(value, parse_constant=str) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        known = value
    kept = known is None or isinstance(known, bool | int | float)
    return json.dumps(known if kept else str(value), ensure_ascii=False)
