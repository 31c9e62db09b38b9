# SPDX-License-Identifier: Apache-2.0
"""One access on its own: who, what, when, and why it was due, or what was looked for in vain."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardkeep.govern.identity.role import Act
from wardkeep.watch.cases import queries
from wardkeep.watch.cases.case import TouchKind
from wardkeep.watch.cases.pages import AccessPage
from wardkeep.web.accounts.read import People, people
from wardkeep.web.page import page, record
from wardkeep.web.say.looked import gathered
from wardkeep.web.say.reason import DEPARTMENT_COLUMNS, STAFF_COLUMNS, because, shown, support_of

#: Columns that name or describe a patient are not shown with a source row.
HIDDEN_COLUMNS = frozenset({"patient_id", "name", "address", "phone", "emergency_contact", "birth_date", "src"})


@page(Act.ACCESS_READ)
def access(request: HttpRequest, key: str) -> HttpResponse:
    """An access by its day and its ledger entry, as concealed in the address."""
    day, _bar, entry = key.partition("|")
    found = queries.access_page(entry, day=date.fromisoformat(day))
    record(
        request,
        TouchKind.ACCESS,
        patient_id=found.access.patient_id or "",
        account=found.access.account or "",
        query=found.access.event_id,
    )
    row = found.source_row
    behind = [one.person for one in found.who.candidates] if found.who else []
    names = people([found.access.account], [*behind, *(row.get(column) for column in STAFF_COLUMNS)])
    context = {
        "page": found,
        "access": found.access,
        "looked": gathered(found.looked_for),
        "who": names.of(found.access.account),
        "names": names,
        "may_open": True,
        "because": sentence(found, names),
        "support": support_of(found.access.reason) if found.access.reason else {},
        "source_row": [(name, _cell(name, value, names)) for name, value in row.items() if name not in HIDDEN_COLUMNS],
    }
    return render(request, "accesses/access.html", context)


@page(Act.ACCESS_READ)
def source_row(request: HttpRequest, key: str) -> HttpResponse:
    """One row of the hospital's tables: what was found and did not suffice."""
    table, _bar, source_id = key.partition("|")
    row = queries.source_row(table, source_id)
    record(request, TouchKind.ACCESS, patient_id=str(row.get("patient_id") or ""), query=f"{table} {source_id}")
    names = people(staff=[row.get(column) for column in STAFF_COLUMNS])
    context = {
        "table": table,
        "source_id": source_id,
        "patient_id": row.get("patient_id"),
        "source_row": [(name, _cell(name, value, names)) for name, value in row.items() if name not in HIDDEN_COLUMNS],
    }
    return render(request, "accesses/row.html", context)


def sentence(found: AccessPage, names: People) -> str:
    """Why the access was due, empty where no reason was found."""
    reason = found.access.reason
    if reason is None:
        return ""
    return because(reason, found.source_row, names.of(found.access.account), names)


def _cell(name: str, value: object, names: People) -> str:
    text = shown(value)
    person = names.by_staff.get(text) if name in STAFF_COLUMNS else None
    if name in DEPARTMENT_COLUMNS and text in names.departments:
        return f"{names.departments[text]} ({text})"
    return f"{person} ({text})" if person else text
