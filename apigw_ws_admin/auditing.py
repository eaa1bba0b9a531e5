"""Changes of records, as audit events: what each field was, and became."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apigw_ws.models import ApiGateway, AuditEvent
from apigw_ws.services import audit
from apigw_ws_admin.fields import ReadableFigures
from apigw_ws_admin.pages import address_of

Values = dict[str, Any]


class AuditedSaves(ReadableFigures, ModelAdmin):
    """A save that adds or changes something is one event; for those whose fields hold no secret."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        before, after = _changes(form, formsets, change)
        if before or after:
            verb = AuditEvent.Verb.CHANGE if change else AuditEvent.Verb.ADD
            _record(verb, request, form.instance, before, after)


class AuditedDeletions(ModelAdmin):
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        _record(AuditEvent.Verb.DELETE, request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for each in queryset:
            _record(AuditEvent.Verb.DELETE, request, each)
        super().delete_queryset(request, queryset)


def _record(
    verb: AuditEvent.Verb,
    request: HttpRequest,
    record: Any,
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    gateway = record if isinstance(record, ApiGateway) else None
    audit.record(
        verb,
        gateway,
        what="" if gateway else f"{record._meta.verbose_name} {record}",
        by=request.user,  # type: ignore[arg-type]
        ip=address_of(request),
        before=before or None,
        after=after or None,
    )


def _changes(form: Any, formsets: Any, change: bool) -> tuple[Values, Values]:
    """What was, and what became of it, by field; and by row, of the rows that belong to the record."""
    before, after = (_were(form, form.changed_data) if change else {}), _are(form)
    for formset in formsets:
        for row in formset.forms:
            name = f"{row.instance._meta.verbose_name} {row.instance}"
            gone = row.cleaned_data.get(DELETION_FIELD_NAME)
            if row in formset.initial_forms and row.has_changed():
                before[name] = _were(row, row.fields if gone else row.changed_data)
            if row.has_changed() and not gone:
                after[name] = _are(row)
    return before, after


def _were(form: Any, names: Any) -> Values:
    """As the form found them: the instance has been changed since."""
    return {name: _plain(form.initial.get(name)) for name in names if name in form.initial}


def _are(form: Any) -> Values:
    return {name: _plain(form.cleaned_data.get(name)) for name in form.changed_data}


def _plain(value: Any) -> Any:
    """As JSON has it; a record by its key, as a form has it before the change."""
    if isinstance(value, QuerySet | list | tuple):
        return [_plain(each) for each in value]
    value = getattr(value, "pk", value)
    return value if isinstance(value, str | int | float | bool | dict | None) else str(value)
