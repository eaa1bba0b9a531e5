"""The forms of routes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import BaseInlineFormSet, HiddenInput, IntegerField, ModelForm
from django.forms.formsets import DELETION_FIELD_NAME
from django.utils.translation import gettext as _

from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute
from apigw_ws.services import observation
from apigw_ws.services.route_states import Standing
from apigw_ws_admin.screens.routes.states import standings_of

FIELDS = ("route_key", "name", "integration_url", "two_way", "integration_timeout", "enabled")


class RouteForm(ModelForm):  # type: ignore[type-arg]
    """One route. Its name is its key, unless another is given."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.data.get(self.add_prefix("id")) and self.instance._state.adding:
            raise ValidationError(
                _("Somebody has deleted this route meanwhile. Remove it here, or add it anew.")
            )
        cleaned["name"] = cleaned.get("name") or cleaned.get("route_key", "")[:63]
        return cleaned

    def validate_constraints(self) -> None:
        """The formset compares all keys; Django 6 would query the database for each row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A route as the template shows it: three hundred are fast only without widgets."""

    prefix: str | None
    pk: int | None
    values: dict[str, Any]
    errors: dict[str, list[str]]
    removed: bool
    standing: Standing | None


class RouteFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    #: The field with the keys of routes that a save removes from AWS at once, as confirmed.
    CONFIRMATION: ClassVar = "leaving"
    #: Whether the user may apply what is saved.
    may_apply = False

    def add_fields(self, form: Any, index: int | None) -> None:
        """Look IDs up among the gateway's routes: Django's own field would query for each."""
        super().add_fields(form, index)
        form.fields["id"] = IntegerField(initial=form.instance.pk, required=False, widget=HiddenInput)

    def clean(self) -> None:
        super().clean()
        self._check_keys()
        leaving = self.leaving()
        if self.applies_at_once and leaving and self.data.get(self.CONFIRMATION) != " ".join(leaving):
            raise ValidationError(
                _("Saving takes routes out of AWS at once: %(keys)s. Confirm it beside the button and save.")
                % {"keys": ", ".join(leaving)}
            )

    def _check_keys(self) -> None:
        """Rows are saved one by one, removed ones before new ones."""
        taken = {route.route_key: route.pk for route in self._before}
        removed = {form.instance.pk for form in self.forms if self.removes(form)}
        for form in self.forms:
            owner = taken.get(form.instance.route_key, form.instance.pk)
            free = owner == form.instance.pk or (form.instance.pk is None and owner in removed)
            if not (free or self.removes(form)):
                form.add_error(
                    "route_key", _("A saved route has this key. Save its change or removal first.")
                )

    @property
    def applies_at_once(self) -> bool:
        return self.may_apply and self.instance.push_mode == ApiGateway.PushMode.AUTO

    def leaving(self) -> list[str]:
        """Return the keys, in order, that are in AWS and would not be after a save."""
        there = {route.route_key for route in self._before if route.route_id and route.enabled}
        return sorted(there - {route.route_key for route in self.kept() if route.enabled})

    def removes(self, form: Any) -> bool:
        return bool(form.is_bound and form.cleaned_data.get(DELETION_FIELD_NAME))

    def kept(self) -> list[ApiGatewayAdditionalRoute]:
        """Return the routes after a save; of invalid ones, the valid fields."""
        forms = (form for form in self.forms if not self.removes(form))
        return [form.instance for form in forms if form.instance.pk or form.has_changed()]

    @cached_property
    def _before(self) -> list[ApiGatewayAdditionalRoute]:
        return list(ApiGatewayAdditionalRoute.objects.filter(api_gateway_id=self.instance.pk))

    @cached_property
    def standings(self) -> list[Standing]:
        """The states of the saved routes, as known without calling AWS."""
        gateway: ApiGateway = self.instance
        return standings_of(gateway, *observation.last_seen([gateway])) if gateway.pk else []

    def own(self) -> list[Standing]:
        """The states of routes that come with the gateway, and of deleted ones that are live."""
        return [standing for standing in self.standings if standing.pk is None]

    def used(self) -> int:
        """How much of AWS's quota the saved routes take."""
        return sum(standing.facts is not None for standing in self.standings)

    def too_many(self) -> bool:
        """Whether Django would refuse to read so many fields, with room for ten more rows."""
        limit: int | None = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        return limit is not None and (len(self.forms) + 10) * (len(FIELDS) + 2) > limit

    def rows(self) -> Iterator[Row]:
        by_id = {standing.pk: standing for standing in self.standings}
        for form in (*self.forms, self.empty_form):
            pk = form.instance.pk
            yield Row(
                prefix=form.prefix,
                pk=pk,
                values={name: form[name].value() for name in FIELDS},
                errors=_errors(form),
                removed=self.removes(form),
                standing=by_id.get(pk) if pk else None,
            )


def _errors(form: Any) -> dict[str, list[str]]:
    """The errors by field; those of the whole row as "row"."""
    found = form.errors.items() if form.is_bound else ()
    return {"row" if name == NON_FIELD_ERRORS else name: list(errors) for name, errors in found}
