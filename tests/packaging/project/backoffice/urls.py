from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import path

from backoffice.views import Chat

urlpatterns = [path("ws/<slug:route>", Chat.as_view(), name="websocket")]
if settings.VARIANT == "default":
    urlpatterns += [path("internal/backoffice/", admin.site.urls)]
elif settings.VARIANT != "core":
    from backoffice.site import backoffice, plain

    urlpatterns += [
        path("internal/backoffice/", backoffice.urls),
        path("internal/everything-else/", plain.urls),  # a second one, of Django's name
    ]
