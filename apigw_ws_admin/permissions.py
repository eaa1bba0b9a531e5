"""The permissions of the console besides Django's view, add, change and delete; and how they are demanded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin

#: See the plan of a gateway and apply it to AWS.
APPLY: Final = "apigw_ws.deploy_apigateway"
#: Let a gateway serve an earlier deployment.
ROLLBACK: Final = "apigw_ws.rollback_apigateway"
#: Take a gateway out of AWS.
TEARDOWN: Final = "apigw_ws.teardown_apigateway"
#: Rotate the secret with which a gateway proves itself.
ROTATE_SECRET: Final = "apigw_ws.rotate_secret_apigateway"  # noqa: S105
#: Open test connections to a gateway, as oneself.
TEST: Final = "apigw_ws.test_apigateway"
#: See gateways.
VIEW_GATEWAY: Final = "apigw_ws.view_apigateway"
#: Delete a gateway's record.
DELETE: Final = "apigw_ws.delete_apigateway"
#: Change a gateway's record.
CHANGE: Final = "apigw_ws.change_apigateway"
#: See who is connected.
VIEW_SESSION: Final = "apigw_ws.view_websocketsession"
#: Send a message to a session.
SEND_MESSAGE: Final = "apigw_ws.send_message_websocketsession"
#: See the address that a session came from.
VIEW_ADDRESS: Final = "apigw_ws.view_address_websocketsession"
#: Close sessions at AWS.
DISCONNECT: Final = "apigw_ws.disconnect_websocketsession"
#: Ban somebody, and lift a ban.
BAN: Final = "apigw_ws.add_ban"
#: Put sessions into channels, and take them out.
CHANGE_CHANNELS: Final = "apigw_ws.change_channels_websocketsession"
#: See what messages say.
VIEW_PAYLOAD: Final = "apigw_ws.view_payload_websocketsession"
#: Write and send broadcasts.
SEND_BROADCAST: Final = "apigw_ws.send_broadcast"
#: Broadcast to more than BROADCAST_LARGE connections.
SEND_LARGE_BROADCAST: Final = "apigw_ws.send_large_broadcast"
#: Pause, resume and cancel the broadcasts of others.
CONTROL_BROADCAST: Final = "apigw_ws.control_broadcast"
#: Keep a message as a template for broadcasts.
ADD_TEMPLATE: Final = "apigw_ws.add_broadcasttemplate"
#: See traces; their messages need VIEW_PAYLOAD.
VIEW_TRACE: Final = "apigw_ws.view_trace"
#: Start a trace, which needs VIEW_PAYLOAD, too, and stop one.
TRACE: Final = "apigw_ws.add_trace"
#: Delete a trace with what it captured.
DELETE_TRACE: Final = "apigw_ws.delete_trace"
#: Save a frame for test connections, replace one, and delete one.
ADD_FRAME: Final = "apigw_ws.add_savedframe"
CHANGE_FRAME: Final = "apigw_ws.change_savedframe"
DELETE_FRAME: Final = "apigw_ws.delete_savedframe"


def demand(request: HttpRequest, *permissions: str) -> None:
    """Raise PermissionDenied, which names what is missing, unless the user has all of the permissions."""
    if lacking := [name for name in permissions if not request.user.has_perm(name)]:
        raise lack(*lacking)


def lack(*permissions: str) -> PermissionDenied:
    """Return a sentence that names the missing permissions, so that the user can ask for them."""
    if len(permissions) == 1:
        return PermissionDenied(_("You lack the permission “%s”.") % permissions)
    return PermissionDenied(_("You lack the permissions %s.") % ", ".join(permissions))


def demand_look(admin: ModelAdmin, request: HttpRequest, *permissions: str) -> None:
    """As ``demand``, for viewing what a ModelAdmin shows."""
    if not admin.has_view_permission(request):
        raise lack(to_view(admin.model))
    demand(request, *permissions)


def permission(model: type[Model], verb: str) -> str:
    """Return the name of Django's permission to ``view``, ``add``, ``change`` or ``delete`` such records."""
    return f"{model._meta.app_label}.{get_permission_codename(verb, model._meta)}"


def to_view(model: type[Model]) -> str:
    return permission(model, "view")
