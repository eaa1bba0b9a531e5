"""The wizard's steps. Their URLs have the future gateway's uid, so that no draft becomes two gateways."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.contrib import messages
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from unfold.views import UnfoldModelAdminViewMixin

from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute
from apigw_ws.services import drafts, transactions
from apigw_ws.services.drafts import Draft
from apigw_ws_admin import worker
from apigw_ws_admin.labels import environment_colour
from apigw_ws_admin.pages import number
from apigw_ws_admin.permissions import APPLY
from apigw_ws_admin.screens.wizard import forms
from apigw_ws_admin.screens.wizard.answers import Answers
from apigw_ws_admin.sites import reverse


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    label: Promise
    #: The class of a form or formset.
    form: Any


STEPS: Final[Mapping[str, Step]] = {
    "account": Step(label=_("Account and region"), form=forms.AccountForm),
    "basics": Step(label=_("Basics"), form=forms.BasicsForm),
    "endpoint": Step(label=_("Endpoint"), form=forms.EndpointForm),
    "routes": Step(label=_("Routes"), form=forms.RoutesForm),
    "domain": Step(label=_("Custom domain"), form=forms.DomainForm),
    "review": Step(label=_("Review"), form=forms.ReviewForm),
}
NAMES: Final = tuple(STEPS)
#: The steps as people see them; the last is no longer a step of the draft.
LABELS: Final = (*(step.label for step in STEPS.values()), _("Progress"))
#: What the review repeats because the plan does not say it.
RECORDED: Final = frozenset(
    {"api_description", "region", "default_channel_name", "target_base_endpoint", "certificate_arn"}
)


class WizardView(UnfoldModelAdminViewMixin, TemplateView):
    """One step of one draft."""

    title = _("New gateway")
    permission_required = ("apigw_ws.add_apigateway", APPLY)
    template_name = "apigw_ws_admin/wizard.html"

    draft: uuid.UUID
    step: str

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.draft, self.step = kwargs["draft"], kwargs["step"]
        self.answers = Answers(request, self.draft)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._elsewhere() or self.render_to_response(self.get_context_data())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if elsewhere := self._elsewhere():
            return elsewhere
        place = NAMES.index(self.step)
        if "back" in request.POST:
            # A step that was only viewed has nothing to store, and no errors on the next visit.
            if self.answers.get(self.step) is not None or self._bound(self.step, request.POST).has_changed():
                self.answers.put(self.step, request.POST)
            return self._go(NAMES[max(place - 1, 0)])
        if "more" in request.POST:
            self.answers.put(self.step, _one_more(request.POST))
            return self._go(self.step)
        self.answers.put(self.step, request.POST)
        if not self._form(self.step).is_valid():
            return self._go(self.step)
        return self._finish() if self.step == NAMES[-1] else self._go(NAMES[place + 1])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        place = NAMES.index(self.step)
        context = {
            "step": self.step,
            "step_template": f"apigw_ws_admin/wizard/_{self.step}.html",
            "form": _shown(self._form(self.step)),
            "check_button": {"id": "check-target", "type": "button"},
            "is_last": place == len(NAMES) - 1,
            "stepper": stepper(place, [self._url(name) for name in NAMES]),
        }
        if self.step == "domain":
            context["where"] = self._form("account").data
        if self.step == "endpoint" and self.request.user.has_perm("apigw_ws.view_apigateway"):
            context["targets"] = _targets()
        return super().get_context_data(**context, **(self._review() if self.step == "review" else {}))

    def _elsewhere(self) -> HttpResponse | None:
        """Where to redirect if the draft is finished or has not come this far."""
        if self.step not in STEPS:
            raise Http404
        if gateway := ApiGateway.objects.filter(uid=self.draft).first():
            return _watch(gateway)
        for name in NAMES[: NAMES.index(self.step)]:
            if not self._form(name).is_valid():
                if name == NAMES[0] and self.answers.get(name) is None:
                    messages.info(self.request, _("Nothing is left of this draft. Begin again."))
                return self._go(name)
        return None

    def _form(self, step: str) -> Any:
        return self._bound(step, self.answers.get(step))

    def _bound(self, step: str, data: Any) -> Any:
        if step == "domain":
            return forms.DomainForm(data, instance=self._where())
        return STEPS[step].form(data, **({"prefix": step} if step == "routes" else {}))

    def _where(self) -> ApiGateway:
        """The draft gateway, in the region that its certificate has to be in."""
        form = self._form("account")
        return ApiGateway(**form.cleaned_data) if form.is_valid() else ApiGateway()

    def _draft(self) -> Draft:
        """The draft that the valid steps before the last make."""
        fields: dict[str, Any] = {}
        for name in ("account", "basics", "endpoint", "domain"):
            form = self._form(name)
            form.is_valid()
            fields |= form.cleaned_data
        formset = self._form("routes")
        formset.is_valid()
        return Draft(
            gateway=ApiGateway(uid=self.draft, **fields),
            routes=[
                ApiGatewayAdditionalRoute(name=row["route_key"][:63], **row)
                for row in formset.cleaned_data
                if row
            ],
        )

    def _review(self) -> dict[str, Any]:
        draft = self._draft()
        plan = drafts.plan(draft)
        account = draft.gateway.account
        return {
            "account": account,
            "badge": environment_colour(draft.gateway),
            "recorded": [
                (capfirst(field.verbose_name), value)
                for field in ApiGateway._meta.fields
                if field.name in RECORDED and (value := getattr(draft.gateway, field.name))
            ],
            "seen": plan.digest,
            "operations": [(operation, drafts.cost(operation)) for operation in plan.operations],
        }

    def _finish(self) -> HttpResponse:
        """Save the gateway as it was reviewed, and let the worker make it in AWS."""
        draft = self._draft()
        seen = self.request.POST["seen"]
        if seen != drafts.plan(draft).digest:
            messages.warning(self.request, _("The draft has changed since this page was shown. Look again."))
            return self._go(self.step)
        try:
            with transactions.atomic():
                drafts.save(draft)
                self.model_admin.log_addition(self.request, draft.gateway, [{"added": {}}])
        except IntegrityError:
            return self._go("basics")  # which says that the name is taken
        transactions.on_commit(partial(worker.hand_over, self.request, draft.gateway, seen, announce=False))
        self.answers.forget()
        return _watch(draft.gateway)

    def _url(self, step: str) -> str:
        return reverse("admin:apigw_ws_apigateway_wizard_step", args=[self.draft, step])

    def _go(self, step: str) -> HttpResponse:
        return HttpResponseRedirect(self._url(step))


def stepper(at: int, urls: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the steps for display; finished ones are links, if there are ``urls``."""
    return [
        {
            "label": label,
            "number": number + 1,
            "state": "current" if number == at else "done" if number < at else "todo",
            "url": urls[number] if number < min(at, len(urls)) else None,
        }
        for number, label in enumerate(LABELS)
    ]


def _targets() -> list[str]:
    """The targets of the newest gateways: another one often has the same."""
    newest = ApiGateway.objects.exclude(target_base_endpoint="").order_by("-pk")[:10]
    urls = newest.values_list("target_base_endpoint", flat=True)
    return list(dict.fromkeys(urls))[:2]


def _shown(form: Any) -> Any:
    """The form, with autofocus on its first field with an error, else on its first.

    A row that may be left empty has no required fields.
    """
    for row in getattr(form, "forms", ()):
        for field in () if row.has_changed() else row.fields.values():
            field.required = False
    fields = [field for row in getattr(form, "forms", [form]) for field in row.visible_fields()]
    # Certificate and zone are shown when AWS has told what there is.
    fields = [field for field in fields if field.name not in {"certificate_arn", "hosted_zone_id"}]
    for field in [*(field for field in fields if field.errors), *fields][:1]:
        field.field.widget.attrs["autofocus"] = True
    return form


def _watch(gateway: ApiGateway) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:apigw_ws_apigateway_progress", args=[gateway.pk]))


def _one_more(posted: QueryDict) -> QueryDict:
    """What was posted to a formset, with one more form."""
    changed = posted.copy()
    rows = min(number(posted.get("routes-TOTAL_FORMS", "")), forms.MAX_ROUTES)
    changed["routes-TOTAL_FORMS"] = str(rows + 1)
    changed[f"routes-{rows}-two_way"] = "on"
    return changed
