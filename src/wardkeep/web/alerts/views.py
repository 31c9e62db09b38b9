# SPDX-License-Identifier: Apache-2.0
"""The page of live alerts. It names accounts and no patient: whose record it was stands behind a link that is recorded."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardkeep.govern.alerts import actions, reading
from wardkeep.govern.alerts.models import LiveAlert
from wardkeep.govern.alerts.standing import State
from wardkeep.govern.identity.role import Act
from wardkeep.home import now
from wardkeep.jobs.alerting.status import alerting_status
from wardkeep.watch.live import LiveDetection
from wardkeep.web.accounts.read import people
from wardkeep.web.page import page, person, require
from wardkeep.web.say import codes
from wardkeep.web.say.alert import signed_in_people


@page(Act.ALERT_READ)
def alerts(request: HttpRequest) -> HttpResponse:
    """Newest first; new ones, unless another state is asked for."""
    state = request.GET.get("state", State.NEW.value)
    detection = request.GET.get("detection", "")
    shown = reading.listed(
        person(request),
        state=state if state in set(State) else "",
        detection=detection if detection in set(LiveDetection) else "",
        page=_number(request.GET.get("page", "1")),
    )
    home = settings.WARDKEEP_HOME
    context = {
        "alerts": shown,
        "people": people(
            [one.account for one in shown.lines], [name for one in shown.lines for name in signed_in_people(one)]
        ),
        "state": state if state in set(State) else "all",
        "detection": detection,
        "detections": sorted(
            ((code, str(name)) for code, name in codes.LIVE_DETECTIONS.items()), key=lambda one: one[1]
        ),
        "listens": bool(home.settings.intake.listeners),
        "live": alerting_status(home, at=now()),
    }
    return render(request, "alerts/alerts.html", context)


@require_POST
@page(Act.ALERT_DECIDE)
def alert_seen(request: HttpRequest, key: UUID) -> HttpResponse:
    """Says that one looks into it, a dismissed one only where that is meant."""
    look = partial(actions.see, again=request.POST.get("again") == "1")
    return _done(request, key, look, _("You look into this alert."))


@require_POST
@page(Act.ALERT_DECIDE)
def alert_dismiss(request: HttpRequest, key: UUID) -> HttpResponse:
    """Says why nothing is to be done."""
    reason = request.POST.get("reason", "")

    def put(alert: LiveAlert, **by: Any) -> None:
        actions.dismiss(alert, reason=reason, **by)

    return _done(request, key, put, _("The alert is dismissed; the reason is recorded."))


def _done(request: HttpRequest, key: UUID, act: Callable[..., None], said: str) -> HttpResponse:
    try:
        alert = reading.one(person(request), key)
    except reading.NoSuchAlert as exc:
        raise Http404 from exc
    require(request, Act.ALERT_DECIDE, alert)
    try:
        act(alert, by=person(request), at=now())
        messages.success(request, said)
    except actions.Refused as problem:
        messages.error(request, str(problem))
    return redirect("alerts")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
