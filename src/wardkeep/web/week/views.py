# SPDX-License-Identifier: Apache-2.0
"""The week of a department, to read or to print."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from wardkeep.govern.identity.role import Act
from wardkeep.home import now
from wardkeep.watch.cases.casebook import NotFound
from wardkeep.watch.cases.week import may_still_grow, week_of
from wardkeep.web.accounts.read import people
from wardkeep.web.page import page, person

FIRST, LAST = date(1970, 1, 5), date(2199, 12, 30)


@page(Act.CASE_LIST)
def week(request: HttpRequest, day: str = "") -> HttpResponse:
    """The week in which `day` lies (YYYY-MM-DD); without one the present week."""
    try:
        asked = date.fromisoformat(day) if day else _today()
    except ValueError as exc:
        raise NotFound(day) from exc
    if not FIRST <= asked <= LAST:
        raise NotFound(day)
    shown = week_of(person(request), day=asked, department=request.GET.get("department", ""))
    listed = [line.account for line in (*shown.of_week, *shown.waiting)]
    context = {
        "shown": shown,
        "people": people(listed),
        "this_week": _today(),
        "grows": may_still_grow(shown.monday, at=now()),
        "at": now(),
        "address": request.build_absolute_uri(reverse("week_of", args=[shown.monday.isoformat()])),
    }
    return render(request, "week/week.html", context)


def _today() -> date:
    return now().astimezone(ZoneInfo(settings.WARDKEEP_HOME.settings.hospital.timezone)).date()
