from __future__ import annotations

import csv
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError

from apigw_ws.exceptions import BroadcastError
from apigw_ws.management.commands._gateways import sentences
from apigw_ws.models import Broadcast
from apigw_ws.services import broadcasts

#: With --wait: it is over, or has paused itself, and not everybody got it who is still there.
NOT_ALL: Final = 3
_STEP: Final = 0.5
_WIDTH: Final = 30


class Command(BaseCommand):
    help = (
        "Send a message to many connections, through the workers of TASKS. Exit codes: 0 it is handed over "
        "or, with --wait, sent to all who are there; 1 nothing was sent; 2 usage; 3 with --wait, it ended or "
        "paused and some did not get it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        to = parser.add_argument_group("to whom (one kind; --gateway narrows any of them)")
        to.add_argument("--channel", action="append", metavar="NAME", help="who is in it; repeatable")
        to.add_argument("--user", action="append", metavar="NAME", help="a user's connections; repeatable")
        to.add_argument("--group", action="append", metavar="NAME", help="a group's users; repeatable")
        to.add_argument(
            "--csv", metavar="FILE", help="connection IDs, in the first column; “-”: standard input"
        )
        to.add_argument(
            "--gateway", type=int, metavar="PK", help="everybody at this gateway, or of the above"
        )
        parser.add_argument("--data", required=True, metavar="JSON", help="the message")
        parser.add_argument("--reason", default="", help="why; kept in the audit trail")
        parser.add_argument("--rate", type=int, default=0, help="messages per second at most")
        parser.add_argument("--live", action="store_true", help="to whoever is there when their turn comes")
        parser.add_argument("--no-id", action="store_true", help="without broadcast_id in a JSON object")
        parser.add_argument("--dry-run", action="store_true", help="only say who would get it")
        parser.add_argument("--wait", action="store_true", help="watch it until it is over")

    def handle(self, *args: Any, **options: Any) -> None:
        with sentences():
            audience = _audience(options)
            broadcasts.audiences.validate(audience)
            checked = broadcasts.payloads.check(options["data"], not options["no_id"])
            self._say_who(audience, checked)
            if options["dry_run"]:
                return
            broadcast = broadcasts.prepare(
                audience=audience,
                payload=options["data"],
                with_id=not options["no_id"],
                snapshot=not options["live"],
                rate=options["rate"],
                reason=options["reason"],
            )
            broadcasts.start(broadcast)
        self.stdout.write(f"Broadcast {broadcast.pk} is handed to the workers.")
        if options["wait"]:
            self._watch(broadcast)

    def _say_who(self, audience: broadcasts.audiences.Audience, checked: broadcasts.payloads.Checked) -> None:
        number, is_exact = broadcasts.audiences.count(audience)
        strangers = len(broadcasts.audiences.strangers(audience))
        self.stdout.write(f"To: {broadcasts.audiences.describe(audience)}")
        self.stdout.write(f"Connected: {'' if is_exact else 'more than '}{number}")
        if strangers:
            self.stdout.write(f"Without a session: {strangers}")
        self.stdout.write(f"Message: {checked.size} bytes, {checked.units} AWS message units each")

    def _watch(self, broadcast: Broadcast) -> None:
        """A bar that grows on a terminal, else a line whenever a tenth is done; then how it ended."""
        shown = -1
        while True:
            now = broadcasts.progress(broadcast)
            part = now.done / now.total if now.total else 0.0
            if self.stdout.isatty():
                self._draw(now, part)
            elif int(part * 10) > shown:
                shown = int(part * 10)
                self.stdout.write(f"{now.done} of {'?' if now.total is None else now.total}")
            if broadcast.is_over or broadcast.state == Broadcast.State.PAUSED:
                break
            time.sleep(_STEP)
        self._conclude(broadcast)

    def _draw(self, now: broadcasts.Progress, part: float) -> None:
        bar = "#" * int(part * _WIDTH)
        left = "" if now.seconds_left is None else f", {now.seconds_left:.0f} s left"
        text = f"[{bar:<{_WIDTH}}] {part:4.0%} {now.done} ({now.rate_now:.0f}/s{left})"
        self.stdout.write(f"\r\x1b[K{text}", ending="")
        self.stdout.flush()

    def _conclude(self, broadcast: Broadcast) -> None:
        if self.stdout.isatty():
            self.stdout.write("")
        counts = broadcasts.progress(broadcast).counts
        said = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nobody"
        self.stdout.write(f"{broadcast.get_state_display()}: {said}.")
        if broadcast.error_text:
            self.stderr.write(broadcast.error_text)
        if broadcast.not_reached or broadcast.state != Broadcast.State.DONE:
            sys.exit(NOT_ALL)


def _audience(options: dict[str, Any]) -> dict[str, Any]:
    kinds = {
        "channels": options["channel"],
        "users": options["user"],
        "groups": options["group"],
        "connections": options["csv"],
    }
    chosen = [kind for kind, value in kinds.items() if value]
    if len(chosen) > 1 or not (chosen or options["gateway"]):
        raise CommandError(
            "Say to whom, in one way: --channel, --user, --group, --csv or --gateway.", returncode=2
        )
    narrowed = {} if options["gateway"] is None else {"gateway": options["gateway"]}
    if not chosen:
        return {"kind": "gateway", **narrowed}
    (kind,) = chosen
    return {"kind": kind, kind: _LISTS[kind](kinds[kind]), **narrowed}


def _users(names: list[str]) -> list[Any]:
    model = get_user_model()
    keys = dict(
        model._default_manager.filter(**{f"{model.USERNAME_FIELD}__in": names}).values_list(
            model.USERNAME_FIELD, "pk"
        )
    )
    return _found(names, keys, "user")


def _groups(names: list[str]) -> list[Any]:
    keys = dict(Group.objects.filter(name__in=names).values_list("name", "pk"))
    return _found(names, keys, "group")


def _found(names: list[str], keys: dict[str, Any], what: str) -> list[Any]:
    if missing := [name for name in names if name not in keys]:
        raise BroadcastError(f"There is no {what} “{missing[0]}”.")
    return [keys[name] for name in names]


def _connections(name: str) -> list[str]:
    """A heading is none of them: AWS's IDs are base64, which ends with “=”."""
    try:
        lines = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BroadcastError(f"{name} cannot be read: {error}.") from error
    cells = [row[0].strip() for row in csv.reader(lines.splitlines()) if row]
    if cells and not cells[0].endswith("="):
        cells = cells[1:]
    return list(dict.fromkeys(filter(None, cells)))


_LISTS: Final[dict[str, Any]] = {
    "channels": list,
    "users": _users,
    "groups": _groups,
    "connections": _connections,
}
