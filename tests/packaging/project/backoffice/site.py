from __future__ import annotations

from django.contrib.admin import AdminSite
from unfold.sites import UnfoldAdminSite


class Backoffice(UnfoldAdminSite):
    site_header = "Backoffice"


backoffice = Backoffice(name="backoffice")
plain = AdminSite()
