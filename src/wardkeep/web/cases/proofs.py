# SPDX-License-Identifier: Apache-2.0
"""Proofs of a case and of what happened to it, to be handed to whoever checks them elsewhere."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from wardkeep.govern.identity.role import Act
from wardkeep.watch.cases.case import TouchKind
from wardkeep.watch.cases.models import Case
from wardkeep.watch.cases.proofs import place_of_case, place_of_happening
from wardkeep.web.cases.views import found
from wardkeep.web.ledger.handing import handed_out
from wardkeep.web.page import page, record, require


@page(Act.CASE_READ)
def case_proof(request: HttpRequest, key: str) -> HttpResponse:
    """The proof of the newest act that sealed a case."""
    case = _asked(request, key)
    return _handed(request, case, place_of_case(case))


@page(Act.CASE_READ)
def act_proof(request: HttpRequest, key: str, happening: UUID) -> HttpResponse:
    """The proof of the act of one line of a case's history."""
    case = _asked(request, key)
    return _handed(request, case, place_of_happening(case, happening))


def _asked(request: HttpRequest, key: str) -> Case:
    require(request, Act.LEDGER_READ)
    return found(request, key, Act.CASE_READ)


def _handed(request: HttpRequest, case: Case, place: tuple[str, int] | None) -> HttpResponse:
    if place is None:
        messages.warning(request, _("It waits for its place in the ledger. Ask again in a moment."))
        return redirect("case", key=case.key)
    response = handed_out(*place)
    record(request, TouchKind.CASE, case=case, account=case.account)
    return response
