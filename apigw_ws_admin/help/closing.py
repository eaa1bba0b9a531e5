"""Help on close codes, as RFC 6455 defines them and as API Gateway uses them."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.help import documents
from apigw_ws_admin.help.values import Cause, Entry, Family

ENTRIES: Final = (
    Entry(
        codes=("1000",),
        family=Family.CLOSE,
        title=_("Closed as one side wanted"),
        means=_(
            "The connection ended in order: the client closed it, or it was closed through @connections."
        ),
        causes=(
            Cause(why=_("The page was done with it."), tell=_("Closed by the client.")),
            Cause(
                why=_("An operator, a ban, the end of a login or the reaper closed it."),
                tell=_("The reason is “Connection Closed Normally”; the session says by whom."),
            ),
        ),
        steps=(_("Nothing. A client that shall stay has to connect again by itself."),),
        places=("sessions", "activity"),
        documents=(documents.CONNECTIONS, documents.CLOSE_CODES),
    ),
    Entry(
        codes=("1001",),
        family=Family.CLOSE,
        title=_("Going away"),
        means=_(
            "API Gateway ended it: ten minutes without a message, or two hours old. Or the page was left."
        ),
        causes=(
            Cause(
                why=_(
                    "Nobody sent a message for ten minutes, in either direction. Pings of the protocol may "
                    "not count."
                ),
                tell=_("It ended some ten minutes after its last evidence; the reason is “Going away”."),
            ),
            Cause(
                why=_("It was two hours old. AWS lets none become older, and that cannot be raised."),
                tell=_("It ended two hours after it connected."),
            ),
            Cause(
                why=_("The user left the page, or the client's program ended."),
                tell=_("It ended at any age."),
            ),
        ),
        steps=(
            _(
                "Have the client send a small message every few minutes; the JavaScript client of this "
                "package does."
            ),
            _("Have it connect again by itself whenever it was not the user who closed it."),
        ),
        places=("sessions",),
        documents=(documents.QUOTAS, documents.CONNECT),
    ),
    Entry(
        codes=("1002",),
        family=Family.CLOSE,
        title=_("Against the protocol"),
        means=_("One side sent what WebSocket does not allow, such as a frame that is not masked."),
        causes=(Cause(why=_("A client of your own make, or a proxy in between, breaks frames.")),),
        steps=(_("Try with another client, such as wscat. If that works, the client is at fault."),),
        documents=(documents.CLOSE_CODES,),
    ),
    Entry(
        codes=("1003",),
        family=Family.CLOSE,
        title=_("Binary frames are not taken"),
        means=_("The client sent a binary frame, and API Gateway takes none from clients."),
        causes=(
            Cause(
                why=_("The client sends a Blob, an ArrayBuffer or bytes instead of a text."),
                tell=_("It ends with the first message of that kind."),
            ),
        ),
        steps=(_("Send text: JSON, or Base64 in it for what is binary."),),
        places=("sessions",),
        documents=(documents.BINARY,),
    ),
    Entry(
        codes=("1005",),
        family=Family.CLOSE,
        title=_("No code was given"),
        means=_("The client closed the connection in order, and gave no code; browsers do so by “close()”."),
        causes=(Cause(why=_("The page called close() without a code, or wscat was ended by Ctrl+C.")),),
        steps=(_("Nothing. Give a code in close() where you want to tell reasons apart."),),
        places=("sessions",),
        documents=(documents.CONNECT, documents.CLOSE_CODES),
    ),
    Entry(
        codes=("1006",),
        family=Family.CLOSE,
        title=_("It broke off"),
        means=_(
            "The connection ended without a farewell; no side sends this code, each makes it up for itself."
        ),
        causes=(
            Cause(
                why=_("It never stood: $connect was refused. Browsers hide the status, and tell 1006."),
                tell=_(
                    "It ended at once, and there is a refusal of the same moment, or CloudWatch counts "
                    "errors."
                ),
            ),
            Cause(
                why=_("The client's network went: a tunnel, a sleeping laptop, another Wi-Fi."),
                tell=_("It had been open for a while, and other clients stay."),
            ),
            Cause(
                why=_("A proxy or firewall cuts connections that are silent for a minute or so."),
                tell=_("Clients of one network end at the same age, again and again."),
            ),
        ),
        steps=(
            _("Look among the refusals; where there is none, ask the doctor about the gateway."),
            _("Open a test connection on the gateway's page “Test”: it says why it was not let in."),
        ),
        places=("refusals", "sessions", "doctor"),
        documents=(documents.CONNECT, documents.CLOSE_CODES),
    ),
    Entry(
        codes=("1007",),
        family=Family.CLOSE,
        title=_("Not UTF-8"),
        means=_("A text frame was not UTF-8, so it was no text."),
        causes=(Cause(why=_("The client sends bytes of another encoding, or cuts a character in two.")),),
        steps=(_("Encode texts as UTF-8 before they are sent."),),
        places=("sessions",),
        documents=(documents.CLOSE_CODES,),
    ),
    Entry(
        codes=("1008",),
        family=Family.CLOSE,
        title=_("Against the rules"),
        means=_("One side ended it because of a rule of its own, such as too many messages."),
        causes=(
            Cause(
                why=_("Your client, or a proxy or firewall of yours, closes with it."),
                tell=_("The reason says which rule."),
            ),
            Cause(
                why=_("Too many frames came in too short a time."),
                tell=_("CloudWatch counts ClientError at that time."),
            ),
        ),
        steps=(_("Look at the session's timeline for what came last, and have the client send less often."),),
        places=("sessions",),
        documents=(documents.PROTECT, documents.CLOSE_CODES),
    ),
    Entry(
        codes=("1009",),
        family=Family.CLOSE,
        title=_("A frame or message too large"),
        means=_("The client sent a frame of more than 32 KB, or a message of more than 128 KB."),
        causes=(
            Cause(
                why=_("Browsers put each message into one frame, so 32 KB is their limit, not 128 KB."),
                tell=_("It ends with a message that Django never got."),
            ),
            Cause(why=_("A library does not split messages into frames.")),
        ),
        steps=(
            _("Send less at a time: split it, or upload it by HTTP and send its URL."),
            _("The test console says how many bytes a frame has before you send it."),
        ),
        places=("sessions",),
        documents=(documents.QUOTAS,),
    ),
    Entry(
        codes=("1011",),
        family=Family.CLOSE,
        title=_("The other side failed"),
        means=_(
            "Something went wrong at the side that closed it. An error of your handler does not close "
            "connections."
        ),
        causes=(
            Cause(why=_("The gateway itself failed."), tell=_("Several connections end at the same time.")),
            Cause(why=_("A proxy in between gave up.")),
        ),
        steps=(_("Look at the gateway's monitoring and at AWS's health for the time when it ended."),),
        places=("sessions", "gateways"),
        documents=(documents.METRICS, documents.HEALTH),
    ),
)
