"""Parts of steps that ask AWS or other servers; they are loaded after the page, and never block it."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from unfold.views import UnfoldModelAdminViewMixin

from apigw_ws.conf import conf
from apigw_ws.exceptions import ApigwWsError, ConfigurationError
from apigw_ws.models import ApiGateway, AwsAccount
from apigw_ws.services import lookups, targets
from apigw_ws_admin.pages import number
from apigw_ws_admin.screens.wizard.forms import DomainForm
from apigw_ws_admin.screens.wizard.views import WizardView

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class PartView(UnfoldModelAdminViewMixin, TemplateView):
    """Serves a part by its name. The one that calls a server of the operator's choice needs a POST."""

    title = ""
    permission_required = WizardView.permission_required

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._answer({"identity": self._identity, "certificates": self._certificates})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._answer({"target": self._target})

    def get_template_names(self) -> list[str]:
        return [f"apigw_ws_admin/wizard/_{self.kwargs['part']}.html"]

    def _answer(self, parts: dict[str, Any]) -> HttpResponse:
        if self.kwargs["part"] not in parts:
            raise Http404
        try:
            context = parts[self.kwargs["part"]]()
        except ApigwWsError as problem:
            context = {"problem": problem, "account": self.request.GET.get("account")}
        return self.render_to_response(context)

    def _identity(self) -> dict[str, Any]:
        return {"identity": lookups.identity(self._gateway())}

    def _target(self) -> dict[str, Any]:
        url = self.request.POST.get("target_base_endpoint", "").strip()
        local = urlsplit(conf.endpoint_url).hostname in LOOPBACK
        return {"findings": targets.check(url, local=local) if url else []}

    def _certificates(self) -> dict[str, Any]:
        """What can be chosen for a domain; where AWS does not say, fields to type it into."""
        gateway = self._gateway("domain_name", "certificate_arn", "hosted_zone_id")
        context: dict[str, Any] = {"draft": gateway, "form": DomainForm(instance=gateway)}
        if not gateway.domain_name:
            return context
        try:
            found = lookups.certificates(gateway)
            context["fitting"] = [each for each in found if each.covers(gateway.domain_name)]
            context["others"] = [each for each in found if not each.covers(gateway.domain_name)]
        except ApigwWsError as problem:
            context["problem"] = problem
        try:
            context["zones"] = lookups.zones(gateway)
        except ApigwWsError as problem:
            context["zones_problem"] = problem
        return context

    def _gateway(self, *names: str) -> ApiGateway:
        """The draft gateway as far as it matters here: where it is, and these fields."""
        asked = {name: self.request.GET.get(name, "").strip() for name in ("region", *names)}
        return ApiGateway(account=self._account(), **asked)

    def _account(self) -> AwsAccount | None:
        wanted = self.request.GET.get("account", "")
        account = AwsAccount.objects.filter(pk=number(wanted)).first()
        if wanted and account is None:
            raise ConfigurationError(_("This AWS account is not recorded any more. Choose another one."))
        return account
