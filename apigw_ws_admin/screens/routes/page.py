"""Routes on the gateway's form and on their own page, with what a save would do and each route's state."""

from __future__ import annotations

from typing import Any, ClassVar

from django.forms import ModelForm, modelform_factory
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin, TabularInline

from apigw_ws.conf import conf
from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute
from apigw_ws.services.route_states import State
from apigw_ws_admin import tabs, worker
from apigw_ws_admin.pages import gateway_for
from apigw_ws_admin.permissions import APPLY, CHANGE
from apigw_ws_admin.screens.routes.forms import FIELDS, RouteForm, RouteFormSet
from apigw_ws_admin.screens.routes.states import chips
from apigw_ws_admin.screens.routes.summaries import summary

PAGE = "apigw_ws_apigateway_routes"


class RouteInline(TabularInline):
    """Who may change a gateway may change its routes."""

    model = ApiGatewayAdditionalRoute
    form = RouteForm
    formset = RouteFormSet
    fields = FIELDS
    template = "apigw_ws_admin/routes/inline.html"
    extra = 0
    tab = True

    class Media:
        css: ClassVar = {"all": ("apigw_ws_admin/routes.css",)}
        js = ("apigw_ws_admin/routes.js",)

    def get_formset(self, request: HttpRequest, obj: ApiGateway | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.may_apply = request.user.has_perm(APPLY)
        return formset

    def has_view_permission(self, request: HttpRequest, obj: ApiGateway | None = None) -> bool:
        return True  # the gateway's page has checked permissions

    def has_change_permission(self, request: HttpRequest, obj: ApiGateway | None = None) -> bool:
        return request.user.has_perm(CHANGE if obj else "apigw_ws.add_apigateway")

    has_add_permission = has_delete_permission = has_change_permission


class RouteRows(RouteInline):
    """The only formset on its page, so it needs no tab."""

    tab = False


class OnlyRoutes(ModelForm):  # type: ignore[type-arg]
    """Leaves the gateway's own fields as they are, valid or not."""

    def _post_clean(self) -> None:
        pass


class Routes(ModelAdmin):
    """The routes' page is the gateway's form without the gateway's fields; a save does the same."""

    inlines = (RouteInline,)

    def get_urls(self) -> list[URLPattern]:
        views = {
            "routes/": (self.routes_view, PAGE),
            "routes/summary/": (require_POST(self.summary_view), f"{PAGE}_summary"),
            "routes/states/": (self.states_view, f"{PAGE}_states"),
        }
        mine = [
            path(f"<int:object_id>/{end}", self.admin_site.admin_view(view), name=name)
            for end, (view, name) in views.items()
        ]
        return [*mine, *super().get_urls()]

    def routes_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        gateway = gateway_for(self, request, object_id)
        response: HttpResponse = self.changeform_view(request, str(gateway.pk))
        return response

    def summary_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what saving the posted rows would do, without saving."""
        gateway = gateway_for(self, request, object_id, CHANGE)
        settings = 0
        if "api_name" in request.POST:  # from the gateway's form
            form = self.get_form(request, gateway, change=True)(request.POST, instance=gateway)
            settings = len(form.changed_data) if form.is_valid() else 0
        inline = RouteInline(self.model, self.admin_site)
        formset = inline.get_formset(request, gateway)(request.POST, instance=gateway)
        formset.is_valid()
        return render(request, "apigw_ws_admin/routes/_summary.html", {"summary": summary(formset, settings)})

    def states_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the chips; 204 while they are polled (``?seen=``) and have not changed."""
        gateway = gateway_for(self, request, object_id)
        work = worker.at_work(request, gateway)
        if work and work["version"] == request.GET.get("seen"):
            return HttpResponse(status=204)
        context = {"url": request.path, "gateway": gateway, "may_apply": request.user.has_perm(APPLY)}
        return render(request, "apigw_ws_admin/routes/_states.html", context | chips(gateway, work))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if _alone(request):
            return modelform_factory(ApiGateway, form=OnlyRoutes, fields=())
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if _alone(request) else super().get_fieldsets(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return (RouteRows,) if _alone(request) else super().get_inlines(request, obj)

    def save_model(self, request: HttpRequest, obj: ApiGateway, form: Any, change: bool) -> None:
        if _alone(request):
            obj.save(update_fields=["updated_on"])
        else:
            super().save_model(request, obj, form, change)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if not _alone(request):
            return super().render_change_form(request, context, *args, **kwargs)
        gateway = kwargs["obj"]
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False, "show_delete": False}
        context |= tabs.frame(request, gateway, title=_("Routes"), tab="routes")
        context |= {"quota": conf.routes_quota, "states": State.choices}
        response = ModelAdmin.render_change_form(self, request, context, *args, **kwargs)
        response.template_name = "apigw_ws_admin/routes/page.html"
        return response

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Stay on the routes' page, where the chips show progress."""
        if _alone(request):
            return HttpResponseRedirect(request.path)
        response: HttpResponse = super().response_post_save_change(request, obj)
        return response


def _alone(request: HttpRequest) -> bool:
    """Whether the routes' own page is requested."""
    return bool(request.resolver_match and request.resolver_match.url_name == PAGE)
