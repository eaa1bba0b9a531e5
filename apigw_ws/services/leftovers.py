"""What a gateway cannot manage of an API that was made elsewhere: left alone, or in the way. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.utils.translation import gettext as _

from apigw_ws import headers
from apigw_ws.aws.catalogue import Inventory
from apigw_ws.aws.spec import DOMAIN_TAG, RouteState, StageState
from apigw_ws.models import ApiGateway
from apigw_ws.services.drafts import Draft
from apigw_ws.services.foreign import OWN, is_adoptable


def in_the_way(found: Inventory) -> Iterator[str]:
    """Yield a sentence for each reason why the API cannot become a gateway as it is."""
    if (problem := found.extras.problem) and DOMAIN_TAG in found.snapshot.tags:
        # With a record that lacks the domain, applying would remove it from AWS.
        yield _("The API's tag names a custom domain, which could not be read: %(problem)s") % {
            "problem": problem
        }
    for route in found.snapshot.routes:
        if route.key in OWN and route.integration and not is_adoptable(route):
            yield _(
                "The route “%(key)s” calls %(what)s. A gateway needs it to call your WebSocketView: let it "
                "do so in AWS, or remove it there, and the first apply makes it anew."
            ) % {"key": route.key, "what": _what(route)}


def nameless(found: Inventory, draft: Draft) -> tuple[str, ...]:
    """Return the keys of recorded routes whose requests do not name their connection."""
    keys = {*OWN, *(route.route_key for route in draft.routes)}
    name = f"integration.request.header.{headers.CONNECTION_ID}".lower()
    return tuple(
        route.key
        for route in found.snapshot.routes
        if route.key in keys
        and name not in map(str.lower, route.integration.parameters if route.integration else ())
    )


def left_alone(found: Inventory, stage: StageState | None, draft: Draft) -> Iterator[str]:
    """Yield a sentence for each thing that is not recorded and that applying does not touch."""
    yield from _routes(found, {route.route_key for route in draft.routes})
    yield from _extras(found, stage)
    yield from _stages(found, stage)
    yield from _domains(found, draft.gateway)


def _routes(found: Inventory, recorded: Collection[str]) -> Iterator[str]:
    for route in found.snapshot.routes:
        if route.key not in OWN and route.key not in recorded:
            yield _("The route “%(key)s”: it calls %(what)s.") % {"key": route.key, "what": _what(route)}


def _what(route: RouteState) -> str:
    integration = route.integration
    if integration is None:
        return _("nothing")
    if integration.connection == "VPC_LINK":
        return _("a private address, through a VPC link")
    what = {
        "AWS": _("an AWS service or a Lambda function"),
        "AWS_PROXY": _("a Lambda function"),
        "MOCK": _("nothing but answers by itself (MOCK)"),
        "HTTP": _("a URL with mapping templates (HTTP instead of HTTP_PROXY)"),
    }
    return what.get(integration.kind) or _("%(url)s, or has a key, that cannot be recorded here") % {
        "url": integration.url
    }


def _extras(found: Inventory, stage: StageState | None) -> Iterator[str]:
    extras = found.extras
    for key, kind in extras.authorized.items():
        yield _("The authorization of the route “%(key)s” (%(kind)s): it decides before Django does.") % {
            "key": key,
            "kind": kind,
        }
    named = {
        _("Authorizers: %(names)s."): extras.authorizers,
        _("Models: %(names)s."): extras.models,
        _("The API key that clients need for: %(names)s."): extras.with_api_key,
        _("Settings that single routes have on the stage: %(names)s."): extras.route_settings.get(
            stage.name if stage else "", ()
        ),
    }
    for sentence, names in named.items():
        if names:
            yield sentence % {"names": ", ".join(names)}


def _stages(found: Inventory, stage: StageState | None) -> Iterator[str]:
    for other in found.snapshot.stages:
        if other.name == getattr(stage, "name", ""):
            continue
        if other.auto_deploy:
            yield _(
                "The stage “%(name)s”. It deploys by itself, so that what applying changes in routes is live "
                "there too."
            ) % {"name": other.name}
        else:
            yield _("The stage “%(name)s”, and what it serves.") % {"name": other.name}
    if stage and bool(stage.throttling_rate_limit) != bool(stage.throttling_burst_limit):
        yield _(
            "The stage's throttling: it limits either the rate or the burst, and here both belong together."
        )


def _domains(found: Inventory, gateway: ApiGateway) -> Iterator[str]:
    if problem := found.extras.problem:
        yield _("Custom domains or their DNS records, which could not be read: %(problem)s") % {
            "problem": problem
        }
    for state in found.domains:
        if state.name != gateway.domain_name:
            yield _("The custom domain “%(name)s”: a gateway has one, whose root leads to its stage.") % {
                "name": state.name
            }
        elif not gateway.certificate_arn:
            yield _(
                "The custom domain “%(name)s”, which leads elsewhere too or is another's. "
                "Clients go on using it."
            ) % {"name": state.name}
