# SPDX-License-Identifier: Apache-2.0
"""The first page: is everything covered, how much is explained, what is there to read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardkeep.govern.alerts import reading
from wardkeep.govern.alerts.standing import State
from wardkeep.govern.identity.permission import permission
from wardkeep.govern.identity.role import Act
from wardkeep.home import now
from wardkeep.watch.cases import casebook
from wardkeep.watch.cases.pages import Precision
from wardkeep.web.accounts.read import people
from wardkeep.web.draw.share import Whisker, draw_share, draw_whisker
from wardkeep.web.ledger.read import ledger_state, witnesses
from wardkeep.web.page import page, person
from wardkeep.web.say.alert import signed_in_people

#: Live alerts that are shown; the others are a link away.
ALERTS = 3


@page(Act.TODAY_READ)
def today(request: HttpRequest) -> HttpResponse:
    """What this role may know of yesterday and today."""
    shown = casebook.today(person(request), now=now())
    alerts = _alerts(request)
    lines = alerts.lines if alerts else ()
    named = [line.account for line in shown.cases or ()] + [one.account for one in lines]
    staff = [number for one in lines for number in signed_in_people(one)]
    context = {
        "today": shown,
        "alerts": alerts,
        "share": draw_share(shown.explained, shown.accesses),
        "silent": [s for s in shown.systems if s.state != "covered"],
        "whisker": _whisker(shown.precision) if permission(request.user, Act.PRECISION_READ) else None,
        "ledger": ledger_state() if permission(request.user, Act.LEDGER_READ) else None,
        "witnessed": witnesses() if permission(request.user, Act.LEDGER_READ) else None,
        "people": people(named, staff) if named else None,
    }
    return render(request, "today/today.html", context)


def _alerts(request: HttpRequest) -> reading.Listed | None:
    """The newest that wait, for who may see them; None where there never was one."""
    if not permission(request.user, Act.ALERT_READ) or not reading.any_alert():
        return None
    return reading.listed(person(request), state=State.NEW.value, size=ALERTS)


def _whisker(precision: Precision) -> Whisker | None:
    return draw_whisker(precision.share, precision.low, precision.high) if precision.share is not None else None
