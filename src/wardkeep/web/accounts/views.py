# SPDX-License-Identifier: Apache-2.0
"""What an account did, beside its peers."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from wardkeep.govern.identity.role import Act
from wardkeep.watch.cases import queries
from wardkeep.watch.cases.case import TouchKind
from wardkeep.watch.cases.pages import AccountPage
from wardkeep.web.accounts.read import people
from wardkeep.web.draw.peers import draw_peers
from wardkeep.web.draw.timeline import TimeLine, draw_time_line
from wardkeep.web.page import page, person, record
from wardkeep.web.say import codes
from wardkeep.web.window import Window

PER_PAGE = 50
#: Days of the drawn time line, the newest of the window.
LANES = 14


@page(Act.ACCOUNT_READ)
def account(request: HttpRequest, account: str) -> HttpResponse:
    """Accesses, peers, shifts and cases of one account."""
    record(request, TouchKind.ACCOUNT, account=account)
    window = Window(request.GET)
    found = queries.account_page(account, person(request), from_at=window.from_at, to_at=window.to_at)
    accesses = [a for a in reversed(found.accesses) if window.keeps(a)]
    context = {
        "account": found,
        "people": people([found.account]),
        "window": window,
        "listed": Paginator(accesses, PER_PAGE).get_page(request.GET.get("page")),
        "filtered": len(accesses),
        "cut": found.total > len(found.accesses),
        "plot": draw_peers(found.days),
        "share": found.explained / found.asked if found.asked else None,
        **_lanes(found),
    }
    return render(request, "accounts/account.html", context)


def _lanes(found: AccountPage) -> dict[str, TimeLine | bool | None]:
    """The newest days drawn hour by hour over the person's shifts."""
    if not found.accesses:
        return {"time_line": None, "has_shifts": False}
    days = sorted({timezone.localtime(a.time).date() for a in found.accesses})[-LANES:]
    kept = [a for a in found.accesses if timezone.localtime(a.time).date() >= days[0]]
    marks = [(a.time, codes.name_of(codes.ACTIONS, a.action), a.judged and a.reason is None) for a in kept]
    return {"time_line": draw_time_line(marks, found.shifts), "has_shifts": bool(found.shifts)}
