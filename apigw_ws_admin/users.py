"""A form field that names a user."""

from __future__ import annotations

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget


class NamesUser(forms.ModelForm):  # type: ignore[type-arg]
    """Sets ``user`` of the form's instance to the named user."""

    username = forms.CharField(
        label=gettext_lazy("User"),
        help_text=gettext_lazy("The name that they sign in with."),
        required=False,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )

    def clean_username(self) -> str:
        model, name = get_user_model(), self.cleaned_data["username"]
        if name:
            try:
                self.instance.user = model._default_manager.get_by_natural_key(name)
            except model.DoesNotExist as error:
                problem = _("There is no user “%(name)s”. Look for the name among the users.")
                raise forms.ValidationError(problem, params={"name": name}) from error
        return str(name)
