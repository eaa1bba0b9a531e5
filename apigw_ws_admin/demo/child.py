"""The demo's processes, as they run: ``python -m apigw_ws_admin.demo.child ROLE …``."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Final


def emulator(arguments: Sequence[str]) -> int:
    from apigw_ws.emulator.main import main

    return main(
        [
            *arguments,
            # Not on the command line, which every user of the machine can read.
            # In one word: a secret may begin with a hyphen.
            f"--access-key={os.environ['AWS_ACCESS_KEY_ID']}",
            f"--secret-key={os.environ['AWS_SECRET_ACCESS_KEY']}",
        ]
    )


def web(arguments: Sequence[str]) -> int:
    """Django under a threaded server: sync views cost two to three times more under ASGI."""
    import waitress

    from apigw_ws_admin.project.wsgi import application

    waitress.serve(
        application,
        host="127.0.0.1",
        port=int(arguments[0]),
        threads=8,
        ident=None,
        # The emulator uses a connection per message in flight.
        connection_limit=1000,
        asyncore_use_poll=True,
        # The sign-in link must see that a proxy is between.
        clear_untrusted_proxy_headers=False,
    )
    return 0


def worker(arguments: Sequence[str]) -> int:
    import django
    from django.core.management import call_command

    django.setup()
    from apigw_ws.services import upkeep

    os.nice(10)  # whoever looks at the console comes first
    threading.Thread(target=upkeep.forever, daemon=True, name="upkeep").start()
    call_command("db_worker", interval=0.5, startup_delay=False, reload=False)
    return 0


def visitors(arguments: Sequence[str]) -> int:
    import django

    django.setup()
    from apigw_ws_admin.demo.visitors import main

    return main(arguments)


ROLES: Final[dict[str, Callable[[Sequence[str]], int]]] = {
    "emulator": emulator,
    "web": web,
    "worker": worker,
    "visitors": visitors,
}


def die_with_parent() -> None:
    """The parent holds the other end of our standard input and never writes: end of file means its death."""
    while os.read(0, 1):
        pass
    os._exit(1)


def main(role: str, *arguments: str) -> int:
    threading.Thread(target=die_with_parent, daemon=True).start()
    return ROLES[role](arguments)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
