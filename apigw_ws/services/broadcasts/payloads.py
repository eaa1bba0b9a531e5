"""What a broadcast says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, NoReturn
from uuid import UUID

from django.utils.translation import gettext as _

from apigw_ws.exceptions import BroadcastError
from apigw_ws.models import Broadcast
from apigw_ws.services import messages

#: AWS cuts a message into frames of 32 KB, and bills each 32 KB of it as a message
#: (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html, https://aws.amazon.com/api-gateway/pricing/).
FRAME: Final = 32 * 1024
#: The key by which a client drops a message that comes twice.
ID: Final = "broadcast_id"


class InvalidPayload(BroadcastError):
    """The text is not JSON; ``line`` and ``column`` (from 1) say where it goes wrong."""

    def __init__(self, message: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line, self.column = line, column


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A message as it is sent, and as people read it."""

    #: With the ID, if it has one.
    data: bytes
    #: Without the ID.
    text: str
    pretty: str

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def frames(self) -> int:
        return max(1, -(-self.size // FRAME))

    @property
    def units(self) -> int:
        """The messages that AWS bills for each recipient."""
        return self.frames


def check(text: str, with_id: bool = False, uid: UUID | None = None) -> Checked:
    """Return the JSON ``text``, compact; with ``with_id``, the size includes the ID that an object gets.

    Raises InvalidPayload for what is not JSON, PayloadTooLarge over 131,072 bytes.
    """
    value = _parsed(text)
    text = messages.encode(_compact(value)).decode()
    pretty = json.dumps(value, ensure_ascii=False, indent=2)
    if with_id and isinstance(value, dict):
        value = {**value, ID: str(uid or UUID(int=0))}
    return Checked(data=messages.encode(_compact(value)), text=text, pretty=pretty)


def message(broadcast: Broadcast) -> bytes:
    """Return what each recipient of the broadcast gets."""
    return check(broadcast.payload, broadcast.with_id, broadcast.uid).data


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_json)
    except json.JSONDecodeError as error:
        where = {"what": error.msg, "line": error.lineno, "column": error.colno}
        raise InvalidPayload(
            _("The message is not JSON: %(what)s, in line %(line)d, column %(column)d.") % where,
            line=error.lineno,
            column=error.colno,
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists in lists in lists
        raise InvalidPayload(_("The message is JSON that nobody can read: %s.") % error) from error


def _no_json(constant: str) -> NoReturn:
    raise InvalidPayload(_("JSON has no %s. Write null, or a text.") % constant)
