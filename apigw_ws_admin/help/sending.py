"""Help on limits, and on the results of messages to connections."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.help import documents
from apigw_ws_admin.help.values import Cause, Entry, Family

ENTRIES: Final = (
    Entry(
        codes=(
            "TooManyRequestsException",
            "Throttled",
            "Throttling",
            "ThrottlingException",
            "PriorRequestNotComplete",
            "RequestLimitExceeded",
        ),
        family=Family.AWS,
        title=_("AWS limits the rate of calls"),
        means=_(
            "The AWS account has made more calls than AWS allows in a moment; the same call succeeds later."
        ),
        causes=(
            Cause(
                why=_(
                    "Several runs, pipelines or people use API Gateway at once: all of an account share 10 "
                    "calls per second."
                ),
                tell=_("It happens while something else deploys, too."),
            ),
            Cause(
                why=_("Deployments follow one another quickly: AWS takes one in five seconds."),
                tell=_("The refused operation is CreateDeployment."),
            ),
            Cause(
                why=_("Custom domains are changed more often than once in thirty seconds."),
                tell=_("The refused operation is CreateDomainName, UpdateDomainName or DeleteDomainName."),
            ),
            Cause(
                why=_("Route 53 has not finished a change of the same zone."),
                tell=_("The code is PriorRequestNotComplete."),
            ),
        ),
        steps=(
            _("Wait a minute. A run waits by itself and goes on; its page says until when."),
            _("Retry a run that gave up: what is done stays done."),
            _("If it goes on for long, look in CloudTrail for who calls so often."),
        ),
        places=("runs", "gateways"),
        documents=(documents.QUOTAS,),
    ),
    Entry(
        codes=("LimitExceededException", "429", "throttled"),
        family=Family.AWS,
        title=_("Too much at once"),
        means=_(
            "A limit of a rate is reached: of AWS for @connections, of a stage, of a client that reads too "
            "slowly, "
            "or one of ours for connects and messages."
        ),
        causes=(
            Cause(
                why=_(
                    "A broadcast begins more calls than AWS allows the account: 10,000 a second, in some "
                    "regions 2,500."
                ),
                tell=_("The broadcast's chart shows a plateau, and “Throttled” begins there."),
            ),
            Cause(
                why=_("A client does not read what it is sent, and AWS holds no more for it."),
                tell=_("It is always the same few connections."),
            ),
            Cause(
                why=_(
                    "At connect: more than 500 connects a second in the account, or the stage's own limit."
                ),
                tell=_("CloudWatch counts ClientError, and no refusal of ours is recorded."),
            ),
            Cause(
                why=_(
                    "One of our guards limits connects of an address or a user, or messages of a connection."
                ),
                tell=_("The refusals name the guard “Rate”, “Rate of the user” or “Rate of messages”."),
            ),
        ),
        steps=(
            _("Retry a broadcast for those alone whom it did not reach, with a lower rate."),
            _("Have AWS raise the quota of the region if the rate is what you need."),
            _("Raise our own limits if real people were refused."),
        ),
        settings=(
            "SEND_RATE",
            "BROADCAST_RATE",
            "CONNECT_RATE_LIMIT",
            "USER_RATE_LIMIT",
            "MESSAGE_RATE_LIMIT",
        ),
        places=("broadcasts", "refusals"),
        documents=(documents.QUOTAS, documents.PROTECT),
    ),
    Entry(
        codes=("GoneException", "ConnectionGone", "gone", "Closed", "410"),
        family=Family.AWS,
        title=_("The connection is closed"),
        means=_(
            "AWS knows no open connection of this ID at this stage. That is no failure: clients come and go."
        ),
        causes=(
            Cause(
                why=_(
                    "The client has left, and $disconnect did not reach Django: AWS does not promise that "
                    "it does."
                ),
                tell=_("The session was idle or old. From now on it counts as closed."),
            ),
            Cause(
                why=_("It was sent to from within $connect, when the connection does not stand yet."),
                tell=_("It happens to every client, in the first second. Send from the first message on."),
            ),
            Cause(
                why=_("The ID is of another API, stage or region."),
                tell=_("It happens to all sessions of one gateway, although their clients are connected."),
            ),
            Cause(why=_("The connection was two hours old, or silent for ten minutes: AWS ends it then.")),
        ),
        steps=(
            _(
                "Nothing, as a rule. The session is marked as closed, and the client connects again when it "
                "wants."
            ),
            _("Keep the reaper running: it finds sessions whose end nobody told."),
        ),
        places=("sessions", "doctor"),
        command="manage.py ws_reap --forever",
        documents=(documents.GONE, documents.CONNECTIONS, documents.QUOTAS),
    ),
    Entry(
        codes=(
            "PayloadTooLargeException",
            "PayloadTooLarge",
            "RequestEntityTooLargeException",
            "too_large",
            "413",
        ),
        family=Family.AWS,
        title=_("The message is over 128 KB"),
        means=_("AWS carries 131,072 bytes in a message, in either direction; a longer one is not sent."),
        causes=(
            Cause(
                why=_("The message has a list or a picture in it that has grown."),
                tell=_("It began with one kind of message, for everybody at once."),
            ),
            Cause(
                why=_(
                    "Letters beyond ASCII count more than one byte, and more still where JSON escapes them."
                ),
                tell=_("It has fewer than 131,072 characters."),
            ),
        ),
        steps=(
            _("Send it in parts, or send a URL from which the client fetches it."),
            _("A client's frame may have 32 KB at most: above that AWS closes the connection with 1009."),
        ),
        places=("broadcasts",),
        documents=(documents.QUOTAS, documents.CONNECTIONS),
    ),
)
