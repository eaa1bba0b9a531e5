"""The view that answers API Gateway's events: parse, guards, handler, response."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar, Final, cast

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from apigw_ws.conf import conf
from apigw_ws.events import Mapped, Phase, parse, parse_body
from apigw_ws.exceptions import Refused
from apigw_ws.guarded import Demands, Guard, GuardedRequest, guarded
from apigw_ws.guards import GUARDS
from apigw_ws.handlers import Handler, registry
from apigw_ws.models import ApiGateway, WebSocketSession
from apigw_ws.services import sessions, traces, transactions
from apigw_ws.services.sessions import ClosedBy
from apigw_ws.services.timeline import Handled
from apigw_ws.signals import message_received
from apigw_ws.views.answers import reply, response_of
from apigw_ws.views.channels import ChannelHandlers
from apigw_ws.views.records import closed_by, new_session, record_refusal

logger = logging.getLogger("apigw_ws.views")

#: The methods of the base class that a client may call by name.
OPEN_NAMES: Final = ("default", "change_channel", "join", "leave")


class WebSocketView(ChannelHandlers, View):
    """Answers the events of a WebSocket API at ``path("ws/<slug:route>", ChatView.as_view())``.

    A message goes to the method that its "handler" names, else its "action", else to ``default``. Clients can
    call the methods that a subclass adds, and those marked with @handles. A dict or list that a method
    returns is the reply; None sends none; of a response only the status goes out.
    """

    route_selection_key = "action"
    handler_selection_key = "handler"
    #: Serve only the gateway with this ID in AWS.
    aws_api_gateway_id: str | None = None
    required_headers: Sequence[str] = ()
    additional_required_headers: Sequence[str] = ()
    required_connection_headers: Sequence[str] = ()
    #: The user needs one of the former and all of the latter, on connect and for every message.
    permissions_required: Sequence[str] = ()
    all_permissions_required: Sequence[str] = ()
    #: Demand a token from WebSocketTokenView on connect. None: as APIGW_WS["USE_WS_TOKEN"] says.
    USE_WS_TOKEN: bool | None = None
    #: If not empty, clients can call these handlers and ``default``, and no others.
    ALLOWED_HANDLERS: Collection[str] = ()
    guards: Mapping[Phase, tuple[Guard, ...]] = GUARDS
    debug = False
    debug_log: list[str]

    #: The message's JSON object, {} if it is not one; and its text.
    body: dict[str, Any]
    raw_body: str
    api_gateway: ApiGateway
    #: None until ``connect`` has opened it; set in every other handler.
    websocket_session: WebSocketSession = None  # type: ignore[assignment]

    _handlers: ClassVar[Mapping[str, Handler]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._handlers = registry(cls, WebSocketView, OPEN_NAMES)

    def __init__(self, **kwargs: Any) -> None:
        self.debug_log = []
        super().__init__(**kwargs)

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        """Return the view, exempt from CSRF, login and ATOMIC_REQUESTS: handlers wait for the network."""
        return csrf_exempt(login_not_required(transactions.never_around(super().as_view(**initkwargs))))

    def connect(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Open the session. Overrides call super(); a response of status 300 or more refuses the client."""
        request = cast(GuardedRequest, request)
        self.websocket_session = sessions.open_session(new_session(request), request.further_channels)
        return HttpResponse()

    def disconnect(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Close the session. It is closed after an override, too, whether or not that calls super()."""
        mapped = cast(GuardedRequest, request).mapped
        self._close(mapped, closed_by(mapped))

    def default(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer a message that names no handler or is no JSON object; unless overridden, with nothing."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer an event. The client learns a status; operators find the refusal or the traceback."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        request = guarded(request, self._demands())
        try:
            return self._answer(request, kwargs.get("route", "default"))
        except Refused as refused:
            self._debug(f"refused by {refused.guard}: {refused}")
            record_refusal(request, refused)
            return HttpResponse(status=refused.status)
        except SuspiciousOperation:
            logger.warning("Bad request at %s", request.path, exc_info=True)
            return HttpResponse(status=400)
        except Exception:
            logger.exception("%s failed at %s", type(self).__qualname__, request.path)
            got_request_exception.send(type(self), request=request)  # for error reporters and the test client
            return HttpResponse(status=500)

    def _debug(self, msg: str) -> None:
        """Append to ``debug_log`` if ``debug`` is on."""
        if self.debug:
            self.debug_log.append(str(msg)[:500])

    def _answer(self, request: GuardedRequest, route: str) -> HttpResponseBase:
        request.event = event = parse(request, route)
        for guard in self.guards[event.phase]:
            self._debug(f"guard {getattr(guard, '__name__', guard)}")
            guard(request, event)
        body = parse_body(request.body)
        self.body, self.raw_body, self.api_gateway = body.data, body.text, request.api_gateway
        match event.phase:
            case Phase.CONNECT:
                return self._answer_connect(request)
            case Phase.DISCONNECT:
                return self._answer_disconnect(request)
        return self._answer_message(request)

    def _answer_connect(self, request: GuardedRequest) -> HttpResponseBase:
        """A client that ``connect`` refuses, or fails on, is left without an open session."""
        response = None
        try:
            response = response_of(self.connect(request, *self.args, **self.kwargs))
        finally:
            if response is None or response.status_code >= 300:
                self._close(Mapped(close_reason=gettext_noop("Refused")), ClosedBy.REFUSAL)
            elif self.websocket_session is None:
                logger.warning("%s.connect opened no session: call super().", type(self).__qualname__)
        return response

    def _answer_disconnect(self, request: GuardedRequest) -> HttpResponseBase:
        """AWS has closed the socket already, so the session is closed even if an override fails."""
        session = sessions.find(request.api_gateway, request.event.connection_id)
        if session is None:
            return HttpResponse()
        self.websocket_session, request.user = session, session.user or AnonymousUser()
        try:
            return response_of(self.disconnect(request, *self.args, **self.kwargs))
        finally:
            self._close(request.mapped, closed_by(request.mapped))

    def _answer_message(self, request: GuardedRequest) -> HttpResponseBase:
        """The message and its reply are counted together, in one query, even if the handler fails."""
        self.websocket_session = request.websocket_session
        name, handler = self._handler()
        payload, status, begun = None, 500, time.perf_counter()
        try:
            message_received.send_robust(
                type(self),
                session=self.websocket_session,
                body=self.body,
                raw_body=self.raw_body,
                request=request,
            )
            response, payload = reply(request, handler(self, request, *self.args, **self.kwargs))
            status = response.status_code
        except Refused as refused:
            status = refused.status
            raise
        finally:
            took = round((time.perf_counter() - begun) * 1000)
            self._note(request, payload, Handled(handler=name, status=status, duration_ms=took))
        return response

    def _note(self, request: GuardedRequest, payload: bytes | None, handled: Handled) -> None:
        session, sent = self.websocket_session, None if payload is None else len(payload)
        sessions.touch(
            session, request.secret_version, received=len(request.body), sent=sent, handled=handled
        )
        traces.exchanged(session, request.body, payload, handled)

    def _handler(self) -> tuple[str, Handler]:
        """The handler of the message, and the name by which the client called it."""
        for key in (self.handler_selection_key, self.route_selection_key):
            name = self.body.get(key)
            handler = self._handlers.get(name) if isinstance(name, str) and self._is_open(name) else None
            if handler and (self._most_channels() > 1 or not self._is_for_several(str(name), handler)):
                self._debug(f"handler {name}")
                return str(name), handler
        return "default", self._handlers.get("default", WebSocketView.default)

    def _is_open(self, name: str) -> bool:
        return not self.ALLOWED_HANDLERS or name in self.ALLOWED_HANDLERS

    def _close(self, mapped: Mapped, by: str) -> None:
        session = self.websocket_session
        if session and session.connected:
            sessions.close(session, by=by, code=mapped.close_code, reason=mapped.close_reason)

    def _demands(self) -> Demands:
        return Demands(
            headers=(*self.required_headers, *self.additional_required_headers),
            connection_headers=self.required_connection_headers,
            api_id=self.aws_api_gateway_id,
            token=conf.use_ws_token if self.USE_WS_TOKEN is None else self.USE_WS_TOKEN,
            any_permission=self.permissions_required,
            all_permissions=self.all_permissions_required,
            channels=self._most_channels(),
        )
