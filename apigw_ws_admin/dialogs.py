"""Actions on one object that a dialog asks about first."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.decorators import action

from apigw_ws_admin.sites import reverse


def dialog_action(*, page: str = "change", **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return Unfold's ``action`` with these options, of which ``dialog`` is one.

    A link to a dialog can be opened in a tab of its own, where Unfold would show a form without a page around
    it: the object's ``page`` comes instead, from which the dialog opens.
    """

    def decorate(act: Callable[..., Any]) -> Any:
        asked = action(**options)(act)

        @wraps(asked)
        def view(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "GET" and "HX-Request" not in request.headers:
                name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
                return HttpResponseRedirect(reverse(name, args=[kwargs["object_id"]]))
            response: HttpResponse = asked(self, request, *args, **kwargs)
            return response

        return view

    return decorate
