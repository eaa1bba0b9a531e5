"""What a client may call, and what it may not."""

from __future__ import annotations

import json
import textwrap
from typing import Any

import pytest

from apigw_ws.exceptions import ConfigurationError
from apigw_ws.handlers import handles
from apigw_ws.views import WebSocketView


def answer(self: Any, request: Any, *args: Any, **kwargs: Any) -> None: ...


class Chat(WebSocketView):
    limit = 3
    encode = json.dumps
    shorten = textwrap.shorten
    borrowed = answer

    def say(self, request: Any) -> str:
        return "chat"

    @handles("chat.send")
    def post_it(self, request: Any) -> str:
        return "chat"

    def _helper(self) -> None: ...

    @property
    def busy(self) -> bool:
        return False

    @staticmethod
    def clean(text: str) -> str:
        return text

    @classmethod
    def build(cls) -> None: ...

    class Inner: ...

    def connect(self, request: Any, *args: Any, **kwargs: Any) -> None: ...

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any: ...


class Joining:
    """A mixin's helper has the name of a handler of ours."""

    def join(self, request: Any) -> str:
        return "mixin"


class JoiningForClients:
    @handles("join")
    def join(self, request: Any) -> str:
        return "mixin"


class OwnJoin(WebSocketView):
    def join(self, request: Any) -> str:
        return "ours"


class Mixin:
    def get_context(self) -> None: ...

    @handles("from.mixin")
    def marked(self, request: Any) -> None: ...


def names(view: type[WebSocketView]) -> set[str]:
    return set(view._handlers)


def test_only_new_functions_and_marked_ones_are_registered() -> None:
    assert names(Chat) == {"default", "change_channel", "join", "leave", "say", "chat.send"}


def test_a_marked_method_is_not_open_under_its_own_name() -> None:
    assert "post_it" not in Chat._handlers


def test_a_subclass_inherits_and_overrides_handlers() -> None:
    class Louder(Chat):
        def say(self, request: Any) -> str:
            return "louder"

        def post_it(self, request: Any) -> str:
            return "louder"

    view = Louder()
    assert names(Louder) == names(Chat)
    assert [Louder._handlers[name](view, None) for name in ("say", "chat.send")] == ["louder", "louder"]


def test_a_subclass_closes_a_handler_by_none() -> None:
    class Quiet(Chat):
        say = None  # type: ignore[assignment]

    assert "say" not in names(Quiet)


def test_of_a_mixin_only_marked_methods_are_open() -> None:
    class Mixed(Mixin, Chat): ...

    assert names(Mixed) == names(Chat) | {"from.mixin"}


@pytest.mark.parametrize(
    ("bases", "body", "answers"),
    [
        ((), {}, False),
        ((Joining,), {}, False),
        ((JoiningForClients,), {}, True),
        ((), {"join": answer}, False),
        ((OwnJoin,), {}, True),
        ((), {"enter": handles("join")(lambda self, request: None)}, True),
    ],
)
def test_join_is_open_in_a_view_with_one_channel_where_the_project_meant_it(
    bases: tuple[type, ...], body: dict[str, Any], answers: bool
) -> None:
    view = type("View", (*bases, Chat), body)()
    view.body = {"action": "join"}

    assert (view._handler()[1] is not WebSocketView.default) == answers
    view.CHANNELS_PER_CONNECTION = 2
    assert view._handler()[1] is not WebSocketView.default


def test_hooks_of_the_fields_existing_package_are_not_open() -> None:
    class Moved(Chat):
        def can_join_channel(self, request: Any, channel_name: str) -> bool:
            return False

        def permission_denied(self, request: Any) -> None: ...

    assert names(Moved) == names(Chat)


def test_a_marked_method_takes_the_name_of_an_inherited_one() -> None:
    class Other(Chat):
        @handles("say")
        def speak(self, request: Any) -> str:
            return "spoken"

    assert Other._handlers["say"](Other(), None) == "spoken"


def test_two_methods_of_a_class_cannot_handle_one_name() -> None:
    with pytest.raises(ConfigurationError, match="“a” is handled by first and by second"):
        type("Twice", (WebSocketView,), {"first": handles("a")(_copy()), "second": handles("a")(_copy())})


def test_a_handler_is_not_async() -> None:
    with pytest.raises(ConfigurationError, match="is async"):

        class Async(WebSocketView):
            async def say(self: Any, request: Any) -> None: ...


@pytest.mark.parametrize("wrong", [(), ("",), (1,)])
def test_handles_wants_names(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(ConfigurationError, match="names that clients send"):
        handles(*wrong)


def _copy() -> Any:
    return lambda self, request: None
