# SPDX-License-Identifier: Apache-2.0
"""The list of cases, and one case whole."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardkeep.govern.identity.permission import permission
from wardkeep.govern.identity.role import Act
from wardkeep.watch.cases import casebook, queries
from wardkeep.watch.cases.case import State, TouchKind
from wardkeep.watch.cases.models import Case
from wardkeep.watch.cases.pages import AccessLine, CasePage
from wardkeep.web.accounts.read import people
from wardkeep.web.cases.forms import Assign, Decide, Note, Reopen
from wardkeep.web.draw.timeline import TimeLine, draw_time_line
from wardkeep.web.page import page, person, record, require
from wardkeep.web.say import codes
from wardkeep.web.say.finding import explained_by, measured, saw, term_name
from wardkeep.web.say.looked import once

STATES = ("open", "decided", "explained", "all")
#: Rows of the table of accesses; the drawing has them all.
ROWS = 60
#: Patients listed at once, and at most.
PATIENTS_FIRST, PATIENTS_LISTED = 6, 200


@page(Act.CASE_LIST)
def cases(request: HttpRequest) -> HttpResponse:
    """Cases in reading order."""
    state = request.GET.get("state", "open")
    mine = request.GET.get("mine") == "1"
    detection = request.GET.get("detection", "")
    number = request.GET.get("page", "1")
    listed = casebook.case_list(
        person(request),
        state=state if state in STATES else "open",
        mine=mine,
        detection=detection if detection in codes.DETECTIONS else "",
        page=int(number) if number.isdecimal() and len(number) < 7 else 1,
    )
    context = {
        "cases": listed,
        "people": people(line.account for line in listed.lines),
        "state": state,
        "mine": mine,
        "detection": detection,
        "detections": sorted(
            ((k, str(v)) for k, v in codes.DETECTIONS.items() if k not in ("random", "account_day")), key=lambda d: d[1]
        ),
    }
    return render(request, "cases/list.html", context)


@page(Act.CASE_READ)
def case(request: HttpRequest, key: str) -> HttpResponse:
    """One case; opening it is itself an event."""
    row = found(request, key, Act.CASE_READ)
    record(request, TouchKind.CASE, case=row, account=row.account)
    return show(request, row)


def found(request: HttpRequest, key: str, act: Act) -> Case:
    """The case, once this person may do `act` to it. Raises NotFound, PermissionDenied."""
    row = casebook.find_case(key)
    require(request, act, row)
    return row


def show(request: HttpRequest, row: Case, *, status: int = 200, **forms: Any) -> HttpResponse:
    """A case's page; `forms` are those that came back with errors."""
    shown = queries.case_page(row, person(request))
    behind = [one.person for one in shown.who.candidates] if shown.who else []
    context = {
        "case": shown,
        "row": row,
        "findings": [
            {"finding": f, "saw": saw(f), "measured": measured(f), "looked": looked}
            for f, looked in zip(shown.findings, once(shown.findings), strict=True)
        ],
        "terms": _terms(shown),
        # A case that was drawn by lot carries the score of its place: nothing is said of it that does not hold.
        "adds_up": abs(row.probability * row.harm - row.score) < 1e-6 * max(1.0, row.score),
        "first_patients": shown.patients[:PATIENTS_FIRST],
        "more_patients": shown.patients[PATIENTS_FIRST:PATIENTS_LISTED],
        "unlisted": max(0, len(shown.patients) - PATIENTS_LISTED),
        "explained_by": explained_by(shown.explained_by) if row.state == State.EXPLAINED else "",
        **_time_line(shown),
        "rows": _rows(shown),
        "who": shown.who,
        "people": people([shown.line.account], [shown.line.person, *behind]),
        "may_open": permission(request.user, Act.ACCESS_READ),
        "decide": Decide(),
        "note": Note(),
        "reopen": Reopen(),
        "assign": Assign(reviewers=shown.reviewers, initial={"to": str(row.assigned_to_id or "")}),
        **forms,
    }
    return render(request, "cases/case.html", context, status=status)


def _terms(shown: CasePage) -> list[dict[str, Any]]:
    """The score's terms with the width of their bars, strongest first."""
    amounts = [float(t["value"]) * float(t["weight"]) for t in shown.terms]
    largest = max((abs(a) for a in amounts), default=0) or 1
    return [
        {
            "name": term_name(str(term["name"])),
            "value": term["value"],
            "weight": term["weight"],
            "amount": amount,
            "width": f"{abs(amount) / largest * 100:.1f}%",
        }
        for term, amount in zip(shown.terms, amounts, strict=True)
    ]


def _time_line(shown: CasePage) -> dict[str, TimeLine | bool]:
    accesses = [(a.time, _title(a), a.eid in shown.eids) for a in shown.accesses]
    return {"time_line": draw_time_line(accesses, shown.shifts), "has_shifts": bool(shown.shifts)}


def _title(access: AccessLine) -> str:
    from wardkeep.web.templatetags.console import clock  # noqa: PLC0415 - the library needs the app registry

    return " ".join([clock(access.time), codes.name_of(codes.ACTIONS, access.action), access.resource or ""]).strip()


def _rows(shown: CasePage) -> list[AccessLine]:
    """The accesses of the case itself, at most ROWS."""
    return [a for a in shown.accesses if a.eid in shown.eids][:ROWS]
