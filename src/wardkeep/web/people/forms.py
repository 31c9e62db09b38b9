# SPDX-License-Identifier: Apache-2.0
"""A new account, and another role for one that there is."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from wardkeep.govern.identity.actions import PHONE
from wardkeep.govern.identity.models import LANGUAGES, ROLE_NAMES
from wardkeep.govern.identity.role import ADMINISTRATORS, Role
from wardkeep.notices import is_mail

ROLES = [(role.value, ROLE_NAMES[role]) for role in Role]


def _mail(text: str) -> None:
    if not is_mail(text):
        raise ValidationError(_("This is no mail address: write NAME@HOST."))


class Reached(forms.Form):
    """Where a person is told that something waits."""

    mail = forms.CharField(label=_("Mail address"), max_length=254, required=False, validators=[_mail])
    phone = forms.CharField(
        label=_("Number for text messages"),
        max_length=40,
        required=False,
        validators=[RegexValidator(rf"^{PHONE.pattern}\Z", _("Write digits, with + before the country."))],
        help_text=_("A department head is told by mail and by text message that the page of the week is ready."),
    )


class NewPerson(Reached):
    """What makes an account; its password comes by a link."""

    field_order = ("name", "full_name", "role", "language", "department", "mail", "phone", "staff_id", "account")

    name = forms.CharField(
        label=_("Name at sign-in"), max_length=60, error_messages={"required": _("Choose a name to sign in with.")}
    )
    full_name = forms.CharField(label=_("Full name, shown beside decisions"), max_length=120, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=ROLES)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    department = forms.CharField(
        label=_("Department"),
        max_length=80,
        required=False,
        help_text=_("A department head sees the cases of this one."),
    )
    staff_id = forms.CharField(
        label=_("Staff number"), max_length=80, required=False, help_text=_("Nobody reviews a case about himself.")
    )
    account = forms.CharField(label=_("Account in the hospital's systems"), max_length=120, required=False)


class NewRole(forms.Form):
    """Another role; an administrator's never becomes another one."""

    role = forms.ChoiceField(label=_("Role"), choices=[r for r in ROLES if Role(r[0]) not in ADMINISTRATORS])
