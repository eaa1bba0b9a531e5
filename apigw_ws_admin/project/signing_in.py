"""The sign-in page of the standalone console. For UNFOLD["LOGIN"]["form"]."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from unfold.forms import AuthenticationForm

from apigw_ws.services import limits
from apigw_ws_admin.pages import address_of


class SignInForm(AuthenticationForm):
    """Refuses after too many failures without checking the password, so that guessing reveals nothing."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        username = cleaned.get("username")
        if not (username and cleaned.get("password")):
            return cleaned
        who = (address_of(self.request), username)
        if not limits.may_sign_in(*who):
            raise ValidationError(_told(limits.SIGN_IN_WINDOW // 60), code="locked")
        cleaned = super().clean()
        limits.signed_in(*who)
        return cleaned


def _told(minutes: int) -> str:
    """The same sentence for a name that nobody has."""
    wait = ngettext("Try again in %d minute.", "Try again in %d minutes.", minutes) % minutes
    return _("Too many attempts to sign in have failed.") + " " + wait
