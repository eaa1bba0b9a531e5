"""Help on HTTP statuses: what a handler answered, or what API Gateway made of it on connect."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.help import documents
from apigw_ws_admin.help.values import Cause, Entry, Family

ENTRIES: Final = (
    Entry(
        codes=("400",),
        family=Family.STATUS,
        title=_("400: not understood"),
        means=_("The view did not understand the event, or a route brought it to the wrong URL."),
        causes=(
            Cause(
                why=_("A guard of the view refused it: “Request”, “Headers”, “Event” or “Channel”."),
                tell=_("There is a refusal of the same moment."),
            ),
            Cause(
                why=_("Your handler refused what the message says."),
                tell=_("There is no refusal, and the session's timeline names the handler."),
            ),
        ),
        steps=(
            _("Open the refusal: it says what was missing."),
            _(
                "Where all events of a gateway are refused so, apply it: its integrations are not as they "
                "should be."
            ),
        ),
        places=("refusals", "sessions"),
        documents=(documents.CONNECT, documents.DATA_MAPPING),
    ),
    Entry(
        codes=("401",),
        family=Family.STATUS,
        title=_("401: an authorizer did not know the client"),
        means=_(
            "An authorizer of the API, or your handler, wants to know who it is. Guards of ours answer 403."
        ),
        causes=(
            Cause(
                why=_("The API has a Lambda authorizer, and the client did not send what identifies it."),
                tell=_("No event reached Django: there is neither a session nor a refusal."),
            ),
        ),
        steps=(_("Send what the authorizer reads, in a header or in the query string of the connect."),),
        places=("refusals",),
        documents=(documents.CONNECT,),
    ),
    Entry(
        codes=("403",),
        family=Family.STATUS,
        title=_("403: forbidden"),
        means=_(
            "Somebody on the way said no: a guard of the view, API Gateway itself, or AWS to our own call."
        ),
        causes=(
            Cause(
                why=_("A guard refused the client: its origin, token, permissions, a ban."),
                tell=_("There is a refusal of the same moment, and it says which."),
            ),
            Cause(
                why=_(
                    "API Gateway refused it before Django was asked: no such stage, nothing deployed, or an "
                    "authorizer."
                ),
                tell=_("There is no refusal, and the doctor's row “Deployment” or “Domain” is not green."),
            ),
            Cause(
                why=_("The default endpoint is switched off, and the client used it instead of the domain."),
                tell=_("The client's URL has “execute-api” in it."),
            ),
            Cause(
                why=_("Of a broadcast: AWS does not let our credentials send."),
                tell=_("It stands in the table of those who were not reached; see ForbiddenException."),
            ),
        ),
        steps=(
            _("Look among the refusals first, then ask the doctor about the gateway."),
            _("Open a test connection on the gateway's page “Test”."),
        ),
        places=("refusals", "doctor"),
        documents=(documents.CONNECT, documents.DEPLOY, documents.CONNECTIONS),
    ),
    Entry(
        codes=("426",),
        family=Family.STATUS,
        title=_("426: that was no WebSocket"),
        means=_("An ordinary HTTP request came to the address of a WebSocket API."),
        causes=(
            Cause(why=_("The URL was opened in a browser or with curl, as https:// instead of wss://.")),
            Cause(
                why=_("A proxy in between drops the header “Upgrade”."), tell=_("It works past the proxy.")
            ),
        ),
        steps=(_("Try with: wscat -c wss://…"),),
        places=("gateways",),
        documents=(documents.DEPLOY,),
    ),
    Entry(
        codes=("500",),
        family=Family.STATUS,
        title=_("500: the handler failed"),
        means=_("Your code raised an exception, or API Gateway could not call Django at all."),
        causes=(
            Cause(
                why=_("A handler raised an exception."),
                tell=_("Django's log has the traceback; the session's timeline names the handler."),
            ),
            Cause(
                why=_("API Gateway reached no server at the target URL."),
                tell=_(
                    "Nothing is in Django's log; CloudWatch counts ExecutionError, and the doctor's row "
                    "“Target” is red."
                ),
            ),
        ),
        steps=(
            _(
                "Read the traceback. The connection stays open; the client gets “Internal server error” at "
                "most."
            ),
            _("Start a trace to see the message that did it."),
        ),
        places=("sessions", "traces", "doctor"),
        documents=(documents.METRICS,),
    ),
    Entry(
        codes=("502",),
        family=Family.STATUS,
        title=_("502: no answer that could be used"),
        means=_("What stands before Django got no answer from it, or API Gateway none that it understood."),
        causes=(
            Cause(
                why=_("Django's workers were restarted, or were killed for want of memory."),
                tell=_("It lasted for seconds, at the time of a deployment of yours."),
            ),
            Cause(
                why=_("The load balancer has no healthy server."),
                tell=_("It answers 502 to ordinary pages, too."),
            ),
            Cause(
                why=_(
                    "The certificate of the target URL is not one that API Gateway trusts: it has to be "
                    "public."
                )
            ),
        ),
        steps=(
            _("Ask the doctor: it calls the target URL."),
            _("Look into the log of the load balancer for the same time."),
        ),
        places=("doctor", "gateways"),
        documents=(documents.METRICS,),
    ),
    Entry(
        codes=("503",),
        family=Family.STATUS,
        title=_("503: the server has no room"),
        means=_("The server at the target URL takes no more requests at the moment."),
        causes=(
            Cause(
                why=_("All of Django's workers are busy."),
                tell=_("p95 of the handlers' time rises on the overview."),
            ),
            Cause(why=_("The site is in maintenance, or no target of the load balancer is healthy.")),
        ),
        steps=(
            _("Answer within milliseconds: hand what takes long to a task, and send the result later."),
            _(
                "Run more workers. Each open connection costs none, each message does for as long as it is "
                "handled."
            ),
        ),
        places=("home", "gateways"),
        documents=(documents.METRICS,),
    ),
    Entry(
        codes=("504",),
        family=Family.STATUS,
        title=_("504: the handler took too long"),
        means=_(
            "API Gateway waits for a handler for 29 seconds at most, or for as long as the route's timeout "
            "says."
        ),
        causes=(
            Cause(
                why=_("The handler waits for something slow: a query, another service, a lock."),
                tell=_("The session's timeline has its time."),
            ),
            Cause(
                why=_("The route's timeout is short."),
                tell=_("It ends after exactly that time; see the gateway's page “Routes”."),
            ),
        ),
        steps=(_("Answer at once, and send the result with @connections when it is there."),),
        places=("sessions", "gateways"),
        documents=(documents.QUOTAS, documents.CONNECTIONS),
    ),
)
