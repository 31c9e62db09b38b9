# SPDX-License-Identifier: Apache-2.0
"""The page of signed records. It names records and no patient: whose record it is stands behind a link that is recorded."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardkeep.govern.identity.role import Act
from wardkeep.govern.records import actions, reading
from wardkeep.govern.records.standing import Standing
from wardkeep.home import now
from wardkeep.jobs.records_nightly import name_of
from wardkeep.web.page import page, person


@page(Act.RECORD_READ)
def records(request: HttpRequest) -> HttpResponse:
    """Sources with their last check, and what differs: what is open, unless another standing is asked for."""
    home = settings.WARDKEEP_HOME
    standing = request.GET.get("standing", Standing.OPEN.value)
    standing = standing if standing in set(Standing) else ""
    context = {
        "sources": reading.sources(name_of(home, place) for place in home.settings.records.sources),
        "records": reading.listed(standing=standing, page=_number(request.GET.get("page", "1"))),
        "standing": standing or "all",
        "nightly_at": home.settings.records.nightly_at,
    }
    return render(request, "records/records.html", context)


@require_POST
@page(Act.RECORD_EXPLAIN)
def record_explain(request: HttpRequest, key: UUID) -> HttpResponse:
    """Says why a difference is lawful."""
    explain = partial(actions.explain, reason=request.POST.get("reason", ""))
    return _done(request, key, explain, _("The difference is explained; the reason is recorded."))


@require_POST
@page(Act.RECORD_EXPLAIN)
def record_reopen(request: HttpRequest, key: UUID) -> HttpResponse:
    """Says that an explanation does not hold."""
    return _done(request, key, actions.reopen, _("The difference is open again."))


def _done(request: HttpRequest, key: UUID, act: Callable[..., None], said: str) -> HttpResponse:
    try:
        act(reading.one(key), by=person(request), at=now())
        messages.success(request, said)
    except reading.NoSuchDifference as exc:
        raise Http404 from exc
    except actions.Refused as problem:
        messages.error(request, str(problem))
    return redirect("records")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
