"""Help on what was asked for and not done, though nothing is wrong with AWS."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.help import documents
from apigw_ws_admin.help.values import Cause, Entry, Family

ENTRIES: Final = (
    Entry(
        codes=("NotConfirmed",),
        family=Family.OURS,
        title=_("The name was not repeated"),
        means=_(
            "What cannot be undone wants the gateway's name typed, and what was typed is another; nothing "
            "was done."
        ),
        steps=(_("Type the name as it stands on the page, with capitals and spaces."),),
        places=("gateways",),
    ),
    Entry(
        codes=("BanRefused",),
        family=Family.OURS,
        title=_("That ban would hit too many"),
        means=_("The ban would keep out whoever makes it, or people beyond number; nothing was done."),
        causes=(
            Cause(why=_("The network has your own address in it, or the user is you.")),
            Cause(
                why=_("The network is very wide, such as 0.0.0.0/1, or the agent is that of every browser.")
            ),
        ),
        steps=(_("Ban a smaller network, or the user who is meant."),),
        places=("bans",),
    ),
    Entry(
        codes=("BroadcastError", "InvalidPayload"),
        family=Family.OURS,
        title=_("The broadcast is not possible like this"),
        means=_("Its audience, its message or its state does not allow what was asked; nothing was sent."),
        causes=(
            Cause(why=_("Nobody is in the audience, or it names a channel or gateway that is no more.")),
            Cause(
                why=_("The message is no JSON, leaves a variable of its template empty, or is over 128 KB.")
            ),
            Cause(why=_("The broadcast has ended, or somebody else paused or cancelled it meanwhile.")),
        ),
        steps=(_("Correct what the sentence names. A draft is kept, so nothing is to be typed again."),),
        places=("broadcasts",),
    ),
    Entry(
        codes=("BadFile",),
        family=Family.OURS,
        title=_("The file cannot be imported"),
        means=_("The file, or some of its rows, are not what they have to be; nothing of it was imported."),
        causes=(
            Cause(
                why=_("A row names what is not here: an account, a group, a permission."),
                tell=_("The row's number and the name stand in the list."),
            ),
            Cause(
                why=_("A spreadsheet has changed numbers, dates or the separator when it saved the file."),
                tell=_("The values look other than in the export, or all columns are one."),
            ),
            Cause(why=_("The file is of another version of this console, with other columns.")),
        ),
        steps=(
            _(
                "Correct the rows that are listed, and choose the file again: all of it is imported, or "
                "nothing."
            ),
            _("Export some rows here to see how a file has to look; docs/import-export.md has each column."),
        ),
        places=("gateways", "rules", "bans", "accounts"),
    ),
    Entry(
        codes=("Refused",),
        family=Family.OURS,
        title=_("A guard refused it"),
        means=_("A guard of the view refused a connect, a message or the joining of a channel."),
        steps=(_("Look at the refusal: it has the guard, what it saw, and what would let the client in."),),
        places=("refusals",),
    ),
    Entry(
        codes=("cancelled",),
        family=Family.OURS,
        title=_("It was cancelled before their turn"),
        means=_("Somebody cancelled the broadcast; those who are left have not got it."),
        steps=(_("Retry it for those alone whom it did not reach, if they shall have it after all."),),
        places=("broadcasts", "activity"),
    ),
    Entry(
        codes=("UnknownConnection",),
        family=Family.OURS,
        title=_("No session has this connection ID"),
        means=_(
            "A broadcast was given a connection ID that we have no session of, so its gateway is not known."
        ),
        causes=(
            Cause(why=_("The ID was copied incompletely: it ends with “=”.")),
            Cause(why=_("It connected before the gateway was adopted, or its session was pruned.")),
        ),
        steps=(_("Name the gateway along with the connection ID, and send again."),),
        places=("sessions", "broadcasts"),
        documents=(documents.CONNECTIONS,),
    ),
    Entry(
        codes=("ApigwWsError",),
        family=Family.OURS,
        title=_("It was not done"),
        means=_("This console refused it for a reason that its sentence says; nothing was done."),
        steps=(_("Do as the sentence says, then try again."),),
        places=("activity",),
    ),
)
