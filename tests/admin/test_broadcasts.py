"""Composing a broadcast, looking at it, sending it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apigw_ws.models import (
    AuditEvent,
    Broadcast,
    BroadcastTemplate,
    ChannelPermission,
    WebSocketSession,
)
from apigw_ws.services import rules
from tests.admin import rows

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/broadcast/"
COMPOSE = f"{LIST}compose/"
HTMX = {"HX-Request": "true"}


def asked(**values: Any) -> dict[str, Any]:
    """What the form sends, for the channel lobby unless another audience is named."""
    audience = {} if "kind" in values else {"kind": "channels", "channels": "lobby"}
    return {"payload": '{"a": 1}', "reason": "Maintenance", **audience, **values}


def session(name: str = "a", **fields: Any) -> WebSocketSession:
    fields = {"channel_name": "lobby"} | fields
    return WebSocketSession.objects.create(connection_id=f"{name}=", **fields)


def draft(browser: Client, **values: Any) -> Broadcast:
    response = browser.post(COMPOSE, asked(**values))
    assert response.status_code == 302, response.text
    return Broadcast.objects.latest("pk")


@pytest.mark.parametrize(
    ("query", "filled"),
    [
        ("channel=lobby&channel=news", {"kind": "channels", "channels": "lobby\nnews"}),
        ("user={user}", {"kind": "users", "users": "ada"}),
        ("user=0", {"kind": "users", "users": ""}),
        ("user=ada", {"kind": "users", "users": ""}),
        ("user=99999999999999999999", {"kind": "users", "users": ""}),
        ("gateway={gateway}", {"kind": "gateway", "gateway": "{gateway}"}),
        ("gateway={gateway}&channel=lobby", {"kind": "channels", "channels": "lobby"}),
        ("session=7&session=x&session=8", {"kind": "sessions", "sessions": "7,8"}),
        ("sessions=state%3Didle%26o%3D3", {"kind": "filter", "filter": "state=idle&o=3"}),
        ("", {"kind": "channels", "channels": ""}),
    ],
)
def test_other_pages_fill_in_the_audience(operator: Client, query: str, filled: dict[str, str]) -> None:
    names = {"user": User.objects.create_user("ada").pk, "gateway": rows.gateway(1).pk}

    form = operator.get(f"{COMPOSE}?{query.format(**names)}").context["form"]

    assert {name: str(form[name].value()) for name in filled} == {
        name: value.format(**names) for name, value in filled.items()
    }


@pytest.mark.parametrize(
    ("values", "audience"),
    [
        ({"kind": "channels", "channels": "lobby, news\nlobby"}, {"channels": ["lobby", "news"]}),
        ({"kind": "users", "users": "ada\n"}, {"users": ["{user}"]}),
        ({"kind": "groups", "groups": ["{group}"]}, {"groups": ["{group}"]}),
        ({"kind": "gateway", "gateway": "{gateway}"}, {"gateway": "{gateway}"}),
        ({"kind": "connections", "connections": "a= b="}, {"connections": ["a=", "b="]}),
        ({"kind": "sessions", "sessions": "{session}"}, {"sessions": ["{session}"]}),
        ({"kind": "filter", "filter": "channel=lobby&p=2"}, {"query": {"channel": "lobby"}}),
        (
            {"kind": "channels", "channels": "lobby", "gateway": "{gateway}"},
            {"channels": ["lobby"], "gateway": "{gateway}"},
        ),
    ],
)
def test_an_audience_is_drafted(operator: Client, values: dict[str, Any], audience: dict[str, Any]) -> None:
    ada, staff, gateway = User.objects.create_user("ada"), Group.objects.create(name="staff"), rows.gateway(1)
    ada.groups.add(staff)
    one = session(user=ada, api_gateway=gateway)
    pks = {"user": ada.pk, "group": staff.pk, "gateway": gateway.pk, "session": one.pk}

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [named(each) for each in value]
        return pks.get(str(value).strip("{}"), value) if str(value).startswith("{") else value

    made = draft(operator, **{name: named(value) for name, value in values.items()})

    assert made.audience == {"kind": values["kind"]} | {name: named(v) for name, v in audience.items()}
    assert made.state == "draft"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"payload": ""}, "This field is required."),
        ({"payload": '{"a": 1,}'}, "in line 1, column"),
        ({"payload": '"' + "é" * 65_536}, "The message is not JSON"),
        ({"payload": '["' + "x" * 131_069 + '"]'}, "AWS takes at most 131072"),
        ({"reason": ""}, "This field is required."),
        ({"kind": "channels", "channels": ""}, "Nobody is named"),
        ({"kind": "channels", "channels": "a*b"}, "“a*b” is no name of a channel."),
        ({"kind": "channels", "channels": "nowhere"}, "Nobody is there to get it"),
        ({"kind": "users", "users": "nobody"}, "Nobody signs in as nobody."),
        ({"kind": "groups"}, "Nobody is named"),
        ({"kind": "groups", "groups": ["999"]}, "999 is not one of the available choices"),
        ({"kind": "gateway", "gateway": "999"}, "not one of the available choices"),
        ({"kind": "nonsense"}, "nonsense is not one of the available choices"),
        ({"kind": "filter", "filter": "surname=x"}, "The list was narrowed by surname"),
        ({"scheduled_for": "2001-01-01T10:00"}, "This time is over."),
        ({"scheduled_for": "2101-01-01T10:00", "expires_on": "2101-01-01T09:00"}, "over before it is sent"),
        (
            {"scheduled_for": "2045-03-26T02:30", "zone": "Europe/Berlin"},
            "be interpreted in time zone Europe/Berlin",
        ),
        ({"rate": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_said_and_all_that_was_written_is_kept(
    operator: Client, values: dict[str, Any], said: str
) -> None:
    session()

    page = operator.post(COMPOSE, asked(title="A title to keep", **values))

    assert page.status_code == 200
    assert said in page.text
    assert "A title to keep" in page.text
    assert not Broadcast.objects.exists()


def test_a_time_is_that_of_the_operators_clock(operator: Client) -> None:
    made = draft(operator, scheduled_for="2045-07-01T12:00", zone="Europe/Berlin")

    assert made.scheduled_for is not None
    assert made.scheduled_for.isoformat() == "2045-07-01T10:00:00+00:00"


def counted(browser: Client, **values: Any) -> str:
    return " ".join(browser.post(f"{COMPOSE}audience/", asked(**values), headers=HTMX).text.split())


def test_the_audience_is_counted_and_shown_as_it_is_chosen(operator: Client) -> None:
    session("a", user=User.objects.create_user("ada"))
    session("b")

    text = counted(operator, channels="lobby elsewhere")

    assert '<b class="text-important">2</b> connections' in text
    assert '<b>ada</b> <span class="apigw-id"><code>a=</code>' in text
    assert "Nobody is in “elsewhere” now." in text
    assert "Say whom it is for" in counted(operator, channels="")
    assert "2 IDs are of no session here" in counted(operator, kind="connections", connections="x= y= a=")


def test_what_is_written_is_checked_and_measured(operator: Client) -> None:
    def checked(payload: str, **more: str) -> str:
        answer = operator.post(f"{COMPOSE}check/", {"payload": payload, **more}, headers=HTMX)
        return " ".join(answer.text.split())

    assert "7 bytes of 131072" in checked('{ "a": 1 }')
    assert "61 bytes of 131072" in checked('{"a": 1}', with_id="on")
    assert "2 frames" in checked('"' + "x" * 40_000 + '"')
    assert 'data-line="2" data-column="4"' in checked('{"a": 1,\n"b"}')
    assert "Write what the clients shall get." in checked("")
    assert "The template needs a value for “who”." in checked('{"to": "{{ who }}"}', filled="on")
    assert "12 bytes" in checked('{"to":"{{ who }}"}', **{"filled": "on", "variable-who": '"x'})


def test_json_is_laid_out_without_a_change_of_its_numbers(operator: Client) -> None:
    def formatted(payload: str, **more: str) -> str:
        answer = operator.post(f"{COMPOSE}format/", {"payload": payload, **more}, headers=HTMX)
        return str(answer.context["form"]["payload"].value())

    assert formatted('{"id":12345678901234567890}') == '{\n  "id": 12345678901234567890\n}'
    assert formatted("{") == "{"
    assert formatted('{"a":"{{ b }}"}', **{"filled": "on", "variable-b": "c"}) == '{"a":"{{ b }}"}'


def test_a_template_fills_the_editor_and_asks_for_its_variables(operator: Client) -> None:
    template = BroadcastTemplate.objects.create(name="Hello", payload='{"to": "{{ who }}"}')
    session()

    part = operator.get(f"{COMPOSE}template/", {"template": template.pk}, headers=HTMX).text
    assert 'name="variable-who"' in part
    assert operator.get(COMPOSE, {"template": template.pk}).context["form"].variables()

    values = {"template": template.pk, "filled": "True", "payload": template.payload}
    page = operator.post(COMPOSE, asked(**values))
    assert "The template needs a value for “who”." in page.text
    assert 'name="variable-who"' in page.text

    assert (
        draft(operator, **values, **{"variable-who": 'all "of you"'}).payload == '{"to":"all \\"of you\\""}'
    )


def test_a_message_is_saved_as_a_template(operator: Client) -> None:
    def saved(name: str) -> str:
        values = asked(template_name=name, payload='{"a": "{{ b }}"}')
        return operator.post(f"{COMPOSE}save/", values, headers=HTMX).text

    assert "Saved as “Hello”." in saved("Hello")
    assert "Not saved" in saved("Hello")
    assert "Not saved" in saved("")
    assert BroadcastTemplate.objects.get().payload == '{"a": "{{ b }}"}'


@pytest.mark.parametrize("page", ["compose/", "compose/template/"])
def test_who_may_not_send_composes_nothing(staff: Callable[..., Client], page: str) -> None:
    browser = staff("view_broadcast")

    assert browser.get(f"{LIST}{page}").status_code == 403
    assert "compose" not in browser.get(LIST).text
    assert browser.post(f"{COMPOSE}audience/", asked()).status_code == 403
    assert browser.post(f"{COMPOSE}try/", asked()).status_code == 403
    assert browser.post(f"{COMPOSE}save/", asked()).status_code == 403
    assert browser.get(f"{COMPOSE}try/").status_code == 405


@pytest.mark.parametrize("query", ["address=192.0.2.1", "ip_address=192.0.2.1", "q=192.0.2.1"])
def test_who_may_not_see_addresses_chooses_nobody_by_them(staff: Callable[..., Client], query: str) -> None:
    session(ip_address="192.0.2.1")
    browser = staff("send_broadcast", "view_broadcast")

    assert "You may not see addresses" in counted(browser, kind="filter", filter=query)


def test_a_channel_permission_says_who_may_broadcast(operator: Client, staff: Callable[..., Client]) -> None:
    rule = ChannelPermission.objects.create(channel_name="lob*", broadcast_access="superusers")
    session()
    other = staff("send_broadcast", "view_broadcast")

    assert "connection" in counted(operator)
    for audience in ({}, {"kind": "filter", "filter": "channel=lobby"}):
        assert "You may not broadcast to “lobby”" in counted(other, **audience)
        assert "You may not broadcast to “lobby”" in other.post(COMPOSE, asked(**audience)).text
    assert not Broadcast.objects.exists()

    # Who chooses otherwise passes by; what was allowed is asked again before it is sent.
    ChannelPermission.objects.update(broadcast_access="")
    rules.forget()
    made = draft(other)
    rule.save()
    refused = other.post(f"{LIST}{made.pk}/confirm/", {"shown": "1"})
    assert "You may not broadcast to “lobby”" in refused.text
    assert draft(other, kind="sessions", sessions=str(WebSocketSession.objects.get().pk)).state == "draft"


def test_who_may_not_see_sessions_sees_no_sample_of_them(staff: Callable[..., Client]) -> None:
    session("a", user=User.objects.create_user("ada"))

    blind = counted(staff("send_broadcast", "view_broadcast"))

    assert '<b class="text-important">1</b> connection' in blind
    assert "ada" not in blind
    assert "a=" not in blind


def test_the_page_and_the_count_cost_little(operator: Client) -> None:
    for number in range(8):
        session(
            str(number), user=User.objects.create_user(f"user-{number}"), api_gateway=rows.gateway(number)
        )
        BroadcastTemplate.objects.create(name=f"Template {number}", payload="{}")
    operator.get(COMPOSE)

    with CaptureQueriesContext(connection) as page:
        operator.get(COMPOSE, {"channel": "lobby"})
    with CaptureQueriesContext(connection) as count:
        counted(operator)

    assert len(page) <= 12
    assert len(count) <= 10


class TestTemplates:
    TEMPLATES = "/admin/apigw_ws/broadcasttemplate/"

    def test_templates_are_written_listed_and_used(self, operator: Client) -> None:
        values = {"name": "Hello", "payload": '{"to": "{{ who }}"}', "description": "A greeting"}

        assert operator.post(f"{self.TEMPLATES}add/", values).status_code == 302

        made = BroadcastTemplate.objects.get()
        assert AuditEvent.objects.get().verb == "add"
        assert '<td class="field-variables' in (text := operator.get(self.TEMPLATES).text)
        assert "who" in text
        answer = operator.get(f"{self.TEMPLATES}{made.pk}/use/")
        assert answer.headers["Location"] == f"{COMPOSE}?template={made.pk}"

    def test_who_may_not_send_uses_none(self, staff: Callable[..., Client]) -> None:
        made = BroadcastTemplate.objects.create(name="Hello", payload="{}")
        browser = staff("view_broadcasttemplate")

        assert "Compose with it" not in browser.get(self.TEMPLATES).text
        assert browser.get(f"{self.TEMPLATES}{made.pk}/use/").status_code == 403
        assert browser.get(f"{self.TEMPLATES}add/").status_code == 403
