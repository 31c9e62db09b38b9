# SPDX-License-Identifier: Apache-2.0
"""The proof of one access with its row and salt: it shows to others who opened whose record, and so it is recorded."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse

from wardkeep.govern.identity.role import Act
from wardkeep.watch.cases import queries
from wardkeep.watch.cases.case import TouchKind
from wardkeep.web.ledger.handing import handed_out
from wardkeep.web.page import page, record, require


@page(Act.ACCESS_READ)
def access_proof(request: HttpRequest, key: str) -> HttpResponse:
    """An access by its day and its ledger entry, as concealed in the address."""
    require(request, Act.LEDGER_READ)
    day, _bar, entry = key.partition("|")
    access = queries.access_page(entry, day=date.fromisoformat(day)).access
    log, _colon, number = access.entry.partition(":")
    response = handed_out(log, int(number), with_row=True)
    record(
        request,
        TouchKind.ACCESS,
        patient_id=access.patient_id or "",
        account=access.account or "",
        query=f"proof {access.event_id}",
    )
    return response
