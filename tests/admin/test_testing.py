"""The test console's page, and what its script asks for. What browsers make of it: tests/browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apigw_ws.models import ApiGateway, AuditEvent, Refusal, SavedFrame, WebSocketToken
from apigw_ws.services import frames, tokens
from tests.admin.rows import gateway

pytestmark = pytest.mark.django_db

TESTER = ("view_apigateway", "test_apigateway")
PING = '{"action": "ping"}'


@pytest.fixture
def chat() -> ApiGateway:
    return gateway(deployment_id="d1")


def page(of: ApiGateway, more: str = "") -> str:
    return f"/admin/apigw_ws/apigateway/{of.pk}/test/{more}"


def attribute(html: str, name: str) -> str:
    found = re.search(rf'data-{name}="([^"]*)"', html)
    assert found
    return found[1]


def keep(client: Client, of: ApiGateway, name: str = "ping", **said: Any) -> Any:
    return client.post(page(of, "frames/"), {"name": name, "payload": PING} | said)


def refusal(**fields: Any) -> Refusal:
    return Refusal.objects.create(
        **{"guard": "channel", "phase": "connect", "status": 403, "reason": "Not into this channel."} | fields
    )


def test_the_page_is_for_those_who_may_test(staff: Callable[..., Client], chat: ApiGateway) -> None:
    browser = staff("view_apigateway")

    assert browser.get(page(chat)).status_code == 403
    for more in ("open/", "frames/", "frames/1/delete/"):
        assert browser.post(page(chat, more)).status_code == 403
    assert browser.get(page(chat, "refusal/")).status_code == 403
    assert page(chat) not in browser.get(page(chat).replace("test", "overview")).text
    assert not WebSocketToken.objects.exists()


def test_the_overview_leads_there(operator: Client, chat: ApiGateway) -> None:
    assert operator.get(page(chat).replace("test", "overview")).text.count(f'href="{page(chat)}"') == 2


def test_a_gateway_without_a_deployment_says_what_comes_first(operator: Client) -> None:
    text = operator.get(page(gateway())).text

    assert "apply it to AWS first" in text
    assert 'id="connect"' not in text


def test_the_page_knows_the_url_and_the_routes(operator: Client, chat: ApiGateway) -> None:
    chat.additional_routes.create(name="a", route_key="time", integration_url="https://www.example.com/a")
    chat.additional_routes.create(name="b", route_key="off", integration_url="https://b.com", enabled=False)

    text = operator.get(page(chat)).text

    assert attribute(text, "url") == "wss://api0.example.com/production"
    assert attribute(text, "selector") == "action"
    assert attribute(text, "routes") == "[&quot;time&quot;]"


def test_routes_that_are_selected_otherwise_are_not_guessed(operator: Client, chat: ApiGateway) -> None:
    ApiGateway.objects.update(route_selection_expression="${request.body.a}/${request.body.b}")

    assert attribute(operator.get(page(chat)).text, "selector") == ""


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000"])
def test_an_emulator_has_the_name_of_the_page_so_that_cookies_reach_it(
    operator: Client, settings: Any, host: str
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    here = gateway(
        deployment_id="d1", api_endpoint="ws://127.0.0.1:8790/x", target_base_endpoint=f"http://{host}/ws/"
    )

    text = operator.get(page(here), headers={"host": host}).text

    assert attribute(text, "url") == f"ws://{host.split(':')[0]}:8790/x/production"
    assert "You will be nobody" not in text


@pytest.mark.parametrize(
    ("listed", "setting"),
    [([], "CSRF_TRUSTED_ORIGINS"), (["https://www.example.com"], "APIGW_WS[&quot;ALLOWED_ORIGINS&quot;]")],
)
def test_an_origin_that_will_be_refused_is_told_with_the_setting(
    operator: Client, settings: Any, chat: ApiGateway, listed: list[str], setting: str
) -> None:
    settings.APIGW_WS = {"ALLOWED_ORIGINS": listed}

    assert f"Add “http://testserver” to {setting}" in operator.get(page(chat)).text


def test_an_origin_that_is_let_in_is_no_matter(operator: Client, settings: Any, chat: ApiGateway) -> None:
    settings.APIGW_WS = {"ALLOWED_ORIGINS": ["http://testserver"]}

    assert "may not connect" not in operator.get(page(chat)).text


def test_where_no_cookie_goes_the_page_says_so(operator: Client, settings: Any, chat: ApiGateway) -> None:
    assert "to testserver, not to api0.example.com" in operator.get(page(chat)).text

    settings.SESSION_COOKIE_DOMAIN = ".example.com"
    settings.ALLOWED_HOSTS = ["console.example.com"]
    operator.force_login(User.objects.get(username="operator"))
    text = operator.get(page(chat), headers={"host": "console.example.com"}).text

    assert "You will be nobody" not in text


def test_opening_makes_a_token_for_this_browser_session_and_is_on_record(
    operator: Client, chat: ApiGateway
) -> None:
    before = refusal()

    answer = operator.post(page(chat, "open/"), {"token": "1"}).json()

    assert answer["after"] == before.pk
    assert tokens.consume(answer["token"], str(operator.session.session_key), "connection")
    (event,) = AuditEvent.objects.all()
    assert (event.verb, event.gateway, event.who) == ("test", chat, "operator")
    assert answer["token"] not in json.dumps([event.before, event.after, event.object_text])


def test_without_a_token_none_is_made(operator: Client, chat: ApiGateway) -> None:
    assert operator.post(page(chat, "open/")).json() == {"token": "", "after": 0}
    assert not WebSocketToken.objects.exists()
    assert AuditEvent.objects.count() == 1


def test_as_many_are_opened_as_one_likes_and_the_newest_twenty_tokens_are_good(
    operator: Client, chat: ApiGateway
) -> None:
    opened = [operator.post(page(chat, "open/"), {"token": "1"}).json()["token"] for _number in range(22)]

    kept = WebSocketToken.objects.values_list("token_hash", flat=True)
    assert sorted(kept) == sorted(map(tokens.digest, opened[2:]))


def test_what_changes_something_is_a_post(operator: Client, chat: ApiGateway) -> None:
    for more in ("open/", "frames/", "frames/1/delete/"):
        assert operator.get(page(chat, more)).status_code == 405


def test_the_newest_refusal_of_this_user_explains_it(operator: Client, chat: ApiGateway) -> None:
    me, other = User.objects.get(username="operator"), User.objects.create_user("other")
    before = refusal(user=me, api_gateway=chat)
    mine = refusal(user=me, api_gateway=chat)
    refusal(user=other, api_gateway=chat)
    refusal(user=me, api_gateway=gateway(1))
    refusal(user=me, api_gateway=chat, phase="message")
    refusal(user=None, api_gateway=chat, origin="https://elsewhere.example.com")

    answer = operator.get(page(chat, f"refusal/?after={before.pk}")).json()

    assert answer["text"] == "Django refused it with status 403 (Channel): Not into this channel."
    assert answer["href"] == f"/admin/apigw_ws/refusal/{mine.pk}/change/"


def test_where_no_cookie_came_the_origin_tells_whose_it_was(operator: Client, chat: ApiGateway) -> None:
    refusal(guard="headers", phase="connect", origin="http://testserver", reason="Headers are missing.")

    assert "Headers are missing." in operator.get(page(chat, "refusal/")).json()["text"]


def test_without_a_refusal_the_doctor_is_next(operator: Client, chat: ApiGateway) -> None:
    answer = operator.get(page(chat, "refusal/?after=x")).json()

    assert "no record of a refusal" in answer["text"]
    assert operator.get(answer["href"]).status_code == 200


def test_why_it_was_is_for_those_who_may_view_refusals(
    staff: Callable[..., Client], chat: ApiGateway
) -> None:
    browser = staff(*TESTER)
    refusal(user=User.objects.get(username="staff"), api_gateway=chat)

    answer = browser.get(page(chat, "refusal/")).json()

    assert "Not into this channel" not in answer["text"]
    assert "href" not in answer


def test_a_saved_frame_is_there_for_colleagues_and_its_words_are_not_on_record(
    operator: Client, chat: ApiGateway
) -> None:
    listed = keep(operator, chat).text

    assert "&quot;ping&quot;" in listed
    assert 'data-send aria-label="Send “ping”"' in operator.get(page(chat)).text
    assert "data-send" not in operator.get(page(gateway(1))).text
    (event,) = AuditEvent.objects.all()
    assert (event.verb, event.object_text, event.after) == ("add", "saved frame ping", {"bytes": len(PING)})


def test_a_frame_can_be_for_all_gateways(operator: Client, chat: ApiGateway) -> None:
    keep(operator, chat, everywhere="1")

    assert "for all gateways" in operator.get(page(gateway(1, deployment_id="d1"))).text
    assert str(SavedFrame.objects.get(gateway=None)) == "ping"


def test_a_frame_is_replaced_only_if_that_is_wanted(operator: Client, chat: ApiGateway) -> None:
    keep(operator, chat)

    refused = keep(operator, chat, payload="{}")
    assert (refused.status_code, "tick “Replace”" in refused.json()["error"]) == (422, True)
    assert keep(operator, chat, payload="{}", replace="1").status_code == 200

    assert SavedFrame.objects.get().payload == "{}"
    assert set(AuditEvent.objects.values_list("verb", flat=True)) == {"add", "change"}


def test_who_may_not_change_frames_chooses_another_name(
    staff: Callable[..., Client], chat: ApiGateway
) -> None:
    browser = staff(*TESTER, "add_savedframe")
    keep(browser, chat)

    refused = keep(browser, chat, payload="{}", replace="1")

    assert refused.json() == {"error": "There is a frame of this name. Choose another one."}
    assert 'name="replace"' not in browser.get(page(chat)).text


def test_a_frame_without_a_name_or_of_more_than_aws_takes_is_not_saved(
    operator: Client, chat: ApiGateway
) -> None:
    refused = keep(operator, chat, name=" ", payload="x" * (128 * 1024 + 1))

    assert refused.status_code == 422
    assert "Name: " in refused.json()["error"]
    assert "Frame: " in refused.json()["error"]
    assert not SavedFrame.objects.exists()


def test_a_frame_is_deleted_and_that_is_on_record(operator: Client, chat: ApiGateway) -> None:
    keep(operator, chat)
    frame = frames.of(chat).get()

    answers = [operator.post(page(chat, f"frames/{frame.pk}/delete/")) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert not SavedFrame.objects.exists()
    assert AuditEvent.objects.filter(verb="delete", object_text="saved frame ping").count() == 1


def test_a_frame_of_another_gateway_is_left_alone(operator: Client, chat: ApiGateway) -> None:
    keep(operator, chat)

    operator.post(page(gateway(1), f"frames/{SavedFrame.objects.get().pk}/delete/"))

    assert SavedFrame.objects.exists()


def test_no_button_is_shown_that_would_be_refused(staff: Callable[..., Client], chat: ApiGateway) -> None:
    frames.keep(chat, "ping", PING, by=User.objects.create_user("colleague"))
    browser = staff(*TESTER)

    text = browser.get(page(chat)).text

    assert "data-send" in text
    assert not {'id="keep"', "data-forget", 'id="keeping"', 'id="forgetting"'} & set(
        re.findall(r'id="\w+"|data-forget', text)
    )
    assert keep(browser, chat).status_code == 403
    assert browser.post(page(chat, f"frames/{SavedFrame.objects.get().pk}/delete/")).status_code == 403


def test_many_frames_cost_no_more_queries(
    operator: Client, chat: ApiGateway, django_assert_num_queries: Any
) -> None:
    by = User.objects.get(username="operator")
    frames.keep(chat, "frame", PING, by=by)
    operator.get(page(chat))
    with CaptureQueriesContext(connection) as one:
        operator.get(page(chat))
    for number in range(30):
        frames.keep(chat, f"frame {number}", PING, by=by)

    with django_assert_num_queries(len(one)):
        operator.get(page(chat))


def test_a_console_that_is_read_only_opens_none(operator: Client, settings: Any, chat: ApiGateway) -> None:
    settings.APIGW_WS = {"READ_ONLY": True}

    assert operator.get(page(chat)).status_code == 403
    assert operator.post(page(chat, "open/")).status_code == 403
    assert page(chat) not in operator.get(page(chat).replace("test", "overview")).text


def test_colleagues_see_who_saved_a_frame_and_markup_stays_text(operator: Client, chat: ApiGateway) -> None:
    listed = keep(operator, chat, name="<b>", payload="</data><script>").text

    assert "Saved by operator" in listed
    assert "<b>&lt;b&gt;</b>" in listed
    assert "<script>" not in listed
