"""Hides addresses from those who may not see them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apigw_ws_admin.permissions import VIEW_ADDRESS


class HidesAddresses(ModelAdmin):
    """Without VIEW_ADDRESS, the fields ``of_addresses`` are neither shown nor filtered or searched by."""

    of_addresses: tuple[str, ...]

    def get_list_display(self, request: HttpRequest) -> Any:
        return self._readable(request, super().get_list_display(request))

    def get_list_filter(self, request: HttpRequest) -> Any:
        return self._readable(request, super().get_list_filter(request))

    def get_search_fields(self, request: HttpRequest) -> Any:
        return self._readable(request, super().get_search_fields(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._readable(request, super().get_fields(request, obj))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        seen = request is not None and request.user.has_perm(VIEW_ADDRESS)
        is_hidden = lookup.partition("__")[0] in self.of_addresses and not seen
        return not is_hidden and bool(super().lookup_allowed(lookup, value, request))

    def _readable(self, request: HttpRequest, names: Iterable[Any]) -> tuple[Any, ...]:
        """A list filter is a name, or a name with a class."""
        if request.user.has_perm(VIEW_ADDRESS):
            return tuple(names)
        named = ((name[0] if isinstance(name, tuple) else name, name) for name in names)
        return tuple(each for name, each in named if name not in self.of_addresses)
