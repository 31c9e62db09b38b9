# SPDX-License-Identifier: Apache-2.0
"""What a person does with a case: each is one form and one action, with and without JavaScript the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardkeep.govern.identity.models import User
from wardkeep.govern.identity.role import Act
from wardkeep.home import now
from wardkeep.watch.cases import actions, casebook
from wardkeep.watch.cases.models import Case
from wardkeep.web.cases.forms import Assign, Decide, Note, Reopen
from wardkeep.web.cases.views import found, show
from wardkeep.web.page import page, person


@require_POST
@page(Act.CASE_DECIDE)
def decide(request: HttpRequest, key: str) -> HttpResponse:
    """Gives a case its outcome."""
    case = found(request, key, Act.CASE_DECIDE)
    form = Decide(request.POST)
    return _done(request, case, "decide", form, actions.decide, _("The outcome is recorded."))


@require_POST
@page(Act.CASE_NOTE)
def note(request: HttpRequest, key: str) -> HttpResponse:
    """Adds a note."""
    case = found(request, key, Act.CASE_NOTE)
    return _done(request, case, "note", Note(request.POST), actions.note, _("The note is recorded."))


@require_POST
@page(Act.CASE_REOPEN)
def reopen(request: HttpRequest, key: str) -> HttpResponse:
    """Opens a closed case again."""
    case = found(request, key, Act.CASE_REOPEN)
    return _done(request, case, "reopen", Reopen(request.POST), actions.reopen, _("The case is open again."))


@require_POST
@page(Act.CASE_ASSIGN)
def assign(request: HttpRequest, key: str) -> HttpResponse:
    """Puts a case into someone's hands."""
    case = found(request, key, Act.CASE_ASSIGN)
    form = Assign(request.POST, reviewers=casebook.reviewers(case))

    def put(case: Case, *, to: str, **more: Any) -> None:
        actions.assign(case, to=User.objects.get(pk=to) if to else None, **more)

    return _done(request, case, "assign", form, put, _("The assignment is recorded."))


def _done(
    request: HttpRequest, case: Case, name: str, form: forms.Form, act: Callable[..., Any], said: str
) -> HttpResponse:
    """Act and go back to the case; what cannot be done is said beside the form that asked for it."""
    if form.is_valid():
        try:
            act(case, **form.cleaned_data, by=person(request), at=now())
            messages.success(request, said)
            return redirect("case", key=case.key)
        except actions.Refused as exc:
            form.add_error(None, str(exc))
            case.refresh_from_db()
    return show(request, case, status=422, **{name: form})
