# SPDX-License-Identifier: Apache-2.0
"""What is typed when an account is opened, entered or kept."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.totp.internal.auth import validate_totp_code
from django import forms
from django.utils.translation import gettext_lazy as _

_NEW = {"autocomplete": "new-password"}
_CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "autocapitalize": "off", "spellcheck": "false"}


class Code(forms.Form):
    """The six digits that prove a freshly shown secret has arrived in the app."""

    code = forms.CharField(
        label=_("Code from the authenticator app"),
        max_length=12,
        widget=forms.TextInput(_CODE),
        error_messages={"required": _("Type the six digits that the app shows.")},
    )

    def __init__(self, *args: Any, secret: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.secret = secret

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].replace(" ", "")
        if not validate_totp_code(self.secret, code):
            raise forms.ValidationError(
                _("This code does not fit. Type the one shown now; if it keeps failing, set the phone's clock.")
            )
        return code


class SecondCode(AuthenticateForm):  # type: ignore[misc]
    """A code of the app, or one of the recovery codes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = forms.TextInput({**_CODE, "autofocus": True})


class NewPassword(forms.Form):
    """A password, twice."""

    password1 = forms.CharField(
        label=_("New password"),
        widget=forms.PasswordInput(_NEW),
        help_text=_("At least 12 characters. A short sentence is easy to remember."),
        error_messages={"required": _("Choose a password.")},
    )
    password2 = forms.CharField(
        label=_("New password again"),
        widget=forms.PasswordInput(_NEW),
        error_messages={"required": _("Type the password a second time.")},
    )

    def clean_password2(self) -> str:
        again: str = self.cleaned_data["password2"]
        if self.cleaned_data.get("password1") not in (None, again):
            raise forms.ValidationError(_("The two passwords differ."))
        return again


class Welcome(NewPassword, Code):
    """A password and the proof of the second factor together: there is never an account with one of them alone."""

    field_order = ("password1", "password2", "code")


class ChangePassword(NewPassword):
    """The old password and the new one."""

    old = forms.CharField(
        label=_("Current password"),
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
        error_messages={"required": _("Type your current password.")},
    )
    field_order = ("old", "password1", "password2")


class Language(forms.Form):
    """The language that a person reads."""

    language = forms.ChoiceField(choices=[("zh", "简体中文"), ("en", "English")])
