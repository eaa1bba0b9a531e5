"""Searches lists of very many rows."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.text import smart_split, unescape_string_literal
from unfold.admin import ModelAdmin

from apigw_ws_admin.ways import USERNAME


class SearchesUsers(ModelAdmin):
    """Searches as Django does, but finds users first: with a join PostgreSQL reads all rows to sort them."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        fields = self.get_search_fields(request)
        for word in smart_split(search_term):
            if word.startswith(('"', "'")) and word[0] == word[-1]:
                word = unescape_string_literal(word)
            queryset = queryset.filter(Q(*(_contains(field, word) for field in fields), _connector=Q.OR))
        return queryset, False


def _contains(field: str, word: str) -> Q:
    if field != USERNAME:
        return Q((f"{field}__icontains", word))
    users = get_user_model()._default_manager.filter((f"{USERNAME.partition('__')[2]}__icontains", word))
    return Q(user__in=users)
