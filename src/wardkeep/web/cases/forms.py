# SPDX-License-Identifier: Apache-2.0
"""What people say about a case."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wardkeep.watch.cases.case import OutcomeCode
from wardkeep.watch.cases.models import OUTCOME_NAMES

_WHY = {"required": _("Write why.")}


class Decide(forms.Form):
    """An outcome with its reason."""

    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=[(o.value, OUTCOME_NAMES[o]) for o in OutcomeCode],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose an outcome."), "invalid_choice": _("Choose an outcome.")},
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=4000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("What you checked and what it showed. It stays with the case."),
        error_messages=_WHY,
    )


class Note(forms.Form):
    """Something worth keeping."""

    text = forms.CharField(
        label=_("Note"),
        max_length=4000,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": _("Write something.")},
    )


class Reopen(forms.Form):
    """Why a closed case is looked at again."""

    reason = forms.CharField(label=_("Why"), max_length=4000, widget=forms.Textarea({"rows": 2}), error_messages=_WHY)


class Assign(forms.Form):
    """In whose hands the case is."""

    to = forms.ChoiceField(label=_("Assigned to"), required=False)

    def __init__(self, *args: Any, reviewers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type
        field.choices = [("", _("nobody")), *reviewers]
