from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from people.models import Person

from shop.models import Order


class OrderAdmin(admin.ModelAdmin):
    list_display = ("number",)


class PersonAdmin(admin.ModelAdmin):
    list_display = ("email", "is_staff")
    search_fields = ("email",)


if settings.VARIANT in ("core", "default"):
    sites = [admin.site]
else:
    from backoffice.site import backoffice, plain

    sites = [backoffice, plain]

for site in sites:
    site.register(Order, OrderAdmin)
    site.register(Person, PersonAdmin)
