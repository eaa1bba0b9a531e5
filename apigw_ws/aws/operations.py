"""Operations: the differences between what we want and what AWS holds, in terms of routes and stages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apigw_ws.aws.spec import ApiSpec, RouteSpec, StageSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(ABC):
    """One difference. Neither its ``repr`` nor its description holds a secret."""

    #: Whether clients lose something that works for them now.
    destructive: ClassVar[bool] = False

    @abstractmethod
    def describe(self) -> str:
        """Return a sentence for the person who decides whether to do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApi(Operation):
    api: ApiSpec
    tags: Mapping[str, str]

    def describe(self) -> str:
        return _("Create the WebSocket API “%(name)s”.") % {"name": self.api.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateApi(Operation):
    api: ApiSpec
    #: The names of the fields that differ.
    changes: tuple[str, ...]

    def describe(self) -> str:
        return _("Change the API's %(fields)s.") % {"fields": _words(self.changes)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTags(Operation):
    tags: Mapping[str, str]

    def describe(self) -> str:
        return _("Tag the API with %(tags)s.") % {"tags": ", ".join(sorted(self.tags))}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTags(Operation):
    keys: tuple[str, ...]

    def describe(self) -> str:
        return _("Remove the tags %(tags)s from the API.") % {"tags": ", ".join(self.keys)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRoute(Operation):
    """Makes an integration, a route that targets it and, if it is two-way, the route response."""

    route: RouteSpec

    def describe(self) -> str:
        return _("Create the route “%(key)s”, which calls %(url)s.") % {
            "key": self.route.key,
            "url": self.route.integration.url,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRoute(Operation):
    """Makes an existing route call what ``route`` says; without ``integration_id``, by a new integration."""

    route: RouteSpec
    route_id: str
    integration_id: str
    #: Mappings that are there and no longer wanted.
    dropped: tuple[str, ...]
    changes: tuple[str, ...]

    def describe(self) -> str:
        return _("Change the route “%(key)s”: %(fields)s.") % {
            "key": self.route.key,
            "fields": _words(self.changes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableReplies(Operation):
    key: str
    route_id: str
    #: The route response is there already; only the route's expression is missing.
    has_response: bool

    def describe(self) -> str:
        return _("Let the route “%(key)s” reply to the client.") % {"key": self.key}


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableReplies(Operation):
    key: str
    route_id: str
    response_ids: tuple[str, ...]

    def describe(self) -> str:
        if self.response_ids:
            return _("Stop the route “%(key)s” from replying to the client.") % {"key": self.key}
        return _(
            "Clear the reply setting of the route “%(key)s”: it has no route response to go with it."
        ) % {"key": self.key}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveRoute(Operation):
    """Removes a route, then its integration, which AWS keeps while a route targets it."""

    destructive = True

    key: str
    route_id: str
    #: Empty if another route calls the same integration.
    integration_id: str

    def describe(self) -> str:
        return _("Remove the route “%(key)s”.") % {"key": self.key}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveIntegration(Operation):
    """Removes an integration of ours that no route targets, as after a run that was cut off."""

    integration_id: str

    def describe(self) -> str:
        return _("Remove the unused integration %(id)s that an earlier run left behind.") % {
            "id": self.integration_id
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStage(Operation):
    stage: StageSpec
    tags: Mapping[str, str]

    def describe(self) -> str:
        return _("Create the stage “%(name)s”.") % {"name": self.stage.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateStage(Operation):
    stage: StageSpec
    #: The names of the fields that differ; only those are sent.
    changes: tuple[str, ...]
    #: What else AWS holds in a group of settings that is sent whole.
    kept: Mapping[str, Any] = field(default_factory=dict)
    #: Variables of ours that are there and no longer wanted.
    dropped: tuple[str, ...] = ()
    #: The stage's ledger of our variables, if it changes.
    tags: Mapping[str, str] = field(default_factory=dict)
    dropped_tags: tuple[str, ...] = ()

    def describe(self) -> str:
        return _("Change the stage “%(name)s”: %(fields)s.") % {
            "name": self.stage.name,
            "fields": _words(self.changes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy(Operation):
    stage_name: str
    digest: str

    def describe(self) -> str:
        return _("Deploy to the stage “%(name)s”, which makes the routes live.") % {"name": self.stage_name}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveStage(Operation):
    """Removes a stage of ours that has an earlier name."""

    destructive = True

    name: str

    def describe(self) -> str:
        return _("Remove the stage “%(name)s”; its connections are closed.") % {"name": self.name}


#: For translators: what ``_words`` makes of the fields that a plan can name.
FIELDS = (
    gettext_noop("name"),
    gettext_noop("description"),
    gettext_noop("owner"),
    gettext_noop("route selection expression"),
    gettext_noop("api key selection expression"),
    gettext_noop("disable execute api endpoint"),
    gettext_noop("auto deploy"),
    gettext_noop("URL"),
    gettext_noop("method"),
    gettext_noop("timeout"),
    gettext_noop("headers"),
    gettext_noop("throttling rate limit"),
    gettext_noop("throttling burst limit"),
    gettext_noop("detailed metrics"),
    gettext_noop("logging level"),
    gettext_noop("data trace"),
    gettext_noop("access log destination arn"),
    gettext_noop("access log format"),
    gettext_noop("variables"),
    gettext_noop("list of variables"),
)


def _words(fields: tuple[str, ...]) -> str:
    return ", ".join(_(field.replace("_", " ")) for field in fields)


def route_key(operation: Operation) -> str:
    """The key of the route that the operation is about; empty for other operations."""
    match operation:
        case CreateRoute(route=route) | UpdateRoute(route=route):
            return route.key
        case EnableReplies(key=key) | DisableReplies(key=key) | RemoveRoute(key=key):
            return key
    return ""
