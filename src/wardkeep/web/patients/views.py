# SPDX-License-Identifier: Apache-2.0
"""Who opened a patient's record, and why; and the patient's name, which is shown only against a reason."""

from __future__ import annotations

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from wardkeep.govern.identity.role import Act
from wardkeep.watch.cases import queries
from wardkeep.watch.cases.case import TouchKind
from wardkeep.watch.cases.pages import AccessLine
from wardkeep.web.accounts.read import people
from wardkeep.web.page import page, person, record
from wardkeep.web.window import Window

PER_PAGE = 50


class Reveal(forms.Form):
    """Why a name is needed."""

    reason = forms.CharField(
        label=_("Why do you need the name?"),
        max_length=400,
        min_length=4,
        error_messages={"required": _("Write why."), "min_length": _("Write why, in a few words.")},
    )


@page(Act.PATIENT_READ)
def patient(request: HttpRequest, patient_id: str) -> HttpResponse:
    """Every access to one record in a window of days."""
    record(request, TouchKind.PATIENT, patient_id=patient_id)
    return _shown(request, patient_id)


@require_POST
@page(Act.PATIENT_REVEAL)
def reveal(request: HttpRequest, patient_id: str) -> HttpResponse:
    """The name, once the reason for asking is sealed. HTMX gets the name alone, others the whole page."""
    form = Reveal(request.POST)
    name = None
    if form.is_valid():
        record(request, TouchKind.REVEAL, patient_id=patient_id, query=form.cleaned_data["reason"])
        name = queries.patient_names([patient_id]).get(patient_id, "")
    status = 200 if form.is_valid() else 422
    if request.headers.get("HX-Request") == "true":
        context = {"patient_id": patient_id, "name": name, "reveal": form}
        return render(request, "patients/name.html", context, status=status)
    return _shown(request, patient_id, name=name, form=form, status=status)


def _shown(
    request: HttpRequest,
    patient_id: str,
    *,
    name: str | None = None,
    form: Reveal | None = None,
    status: int = 200,
) -> HttpResponse:
    window = Window(request.GET)
    found = queries.patient_page(patient_id, person(request), from_at=window.from_at, to_at=window.to_at)
    accesses = [a for a in reversed(found.accesses) if window.keeps(a)]
    listed = Paginator(accesses, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "patient": found,
        "patient_id": patient_id,
        "name": name,
        "reveal": form or Reveal(),
        "window": window,
        "listed": listed,
        "filtered": len(accesses),
        "cut": found.total > len(found.accesses),
        "people": people(a.account for a in listed),
        "departments": _departments(found.accesses),
    }
    return render(request, "patients/patient.html", context, status=status)


def _departments(accesses: object) -> list[tuple[str, int, int]]:
    """(department, accesses, without reason), the most accesses first."""
    counts: dict[str, list[int]] = {}
    for access in accesses if isinstance(accesses, list | tuple) else ():
        assert isinstance(access, AccessLine)  # noqa: S101 - narrows the type
        entry = counts.setdefault(access.department or "–", [0, 0])
        entry[0] += 1
        entry[1] += access.judged and access.reason is None
    return sorted(((d, n, m) for d, (n, m) in counts.items()), key=lambda row: (-row[1], row[0]))[:8]
