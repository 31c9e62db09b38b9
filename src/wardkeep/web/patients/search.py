# SPDX-License-Identifier: Apache-2.0
"""The search box: an exact number leads to its page, and the search itself is sealed first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from wardkeep.govern.identity.role import Act
from wardkeep.watch.cases import queries
from wardkeep.watch.cases.case import TouchKind
from wardkeep.web.page import page, person, record

MAX_TEXT = 200


@require_POST
@page(Act.PATIENT_READ)
def search(request: HttpRequest) -> HttpResponse:
    """By POST, so that what is typed stands in no address and no log."""
    text = request.POST.get("text", "").strip()[:MAX_TEXT]
    if not text:
        return redirect("today")
    record(request, TouchKind.SEARCH, query=text)
    found = queries.search(text, person(request))
    if len(found) == 1:
        kind, key = found[0]
        return redirect(kind, key)
    return render(request, "patients/search.html", {"text": text, "found": found})
