# SPDX-License-Identifier: Apache-2.0
"""The intake page, and what can be done about pieces that were set aside."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from wardkeep.govern.identity.role import Act
from wardkeep.home import now
from wardkeep.jobs.dismissing import Why, dismiss, reopen
from wardkeep.jobs.listen.status import live_status
from wardkeep.jobs.pulling.status import pulls_of
from wardkeep.jobs.replaying import replay_for
from wardkeep.ledger import LedgerError
from wardkeep.watch.intake.errors import BadMapping
from wardkeep.watch.store import StoreError
from wardkeep.web.intake.read import mappings_in_force, shown, waiting_pieces
from wardkeep.web.intake.samples import SAMPLES
from wardkeep.web.intake.upload import LIMIT
from wardkeep.web.page import page, person

#: Pieces that a page reads again at once; more are for the command, which shows progress.
MOST = 2000


@page(Act.INTAKE_READ)
def intake(request: HttpRequest) -> HttpResponse:
    """What each system handed over, and what was set aside."""
    at = now()
    SAMPLES.forget(at)
    context = {
        "shown": shown(now=at),
        "mappings": mappings_in_force(),
        "most": LIMIT,
        "live": live_status(settings.WARDKEEP_HOME, at=at),
        "pulls": pulls_of(settings.WARDKEEP_HOME, at=at),
        "reasons_why": [why.value for why in Why],
        "show_closed": bool(request.GET.get("closed")),
    }
    return render(request, "intake/intake.html", context)


@require_POST
@page(Act.INTAKE_MEND)
def read_again(request: HttpRequest) -> HttpResponse:
    """Read the pieces of one file and reason once more; what can be read now is stored."""
    try:
        pieces = waiting_pieces(request.POST.get("source", ""), request.POST.get("code", ""))[:MOST]
        if pieces:
            done = replay_for(settings.WARDKEEP_HOME, pieces, actor=person(request), at=now())
            left = done.tried - done.read
            said = _("%(read)d pieces read now, %(left)d left.") % {"read": done.read, "left": left}
            if aside := done.report.quarantined:
                more = ngettext(
                    "%(n)d of their records is set aside alone.", "%(n)d of their records are set aside alone.", aside
                )
                said = f"{said} {more % {'n': aside}}"
            (messages.warning if left or aside else messages.success)(request, said)
    except (StoreError, LedgerError, BadMapping) as problem:
        messages.error(request, _busy(problem))
    return redirect("intake")


@require_POST
@page(Act.INTAKE_MEND)
def close(request: HttpRequest) -> HttpResponse:
    """Close the pieces of one file and reason: they need no reading."""
    why = request.POST.get("why", "")
    if why not in list(Why):
        messages.error(request, _("Choose why these need no reading."))
        return redirect("intake")
    try:
        pieces = waiting_pieces(request.POST.get("source", ""), request.POST.get("code", ""))[:MOST]
        if pieces:
            dismiss(settings.WARDKEEP_HOME, pieces, why=Why(why), at=now(), actor=person(request))
            said = ngettext("%(n)d piece closed; it is kept.", "%(n)d pieces closed; they are kept.", len(pieces))
            messages.success(request, said % {"n": len(pieces)})
    except (StoreError, LedgerError) as problem:
        messages.error(request, _busy(problem))
    return redirect("intake")


@require_POST
@page(Act.INTAKE_MEND)
def open_again(request: HttpRequest) -> HttpResponse:
    """Let the closed pieces of one file and reason wait again."""
    try:
        asked = request.POST.get("source", ""), request.POST.get("code", "")
        pieces = waiting_pieces(*asked, state="dismissed")[:MOST]
        if pieces:
            reopen(settings.WARDKEEP_HOME, pieces, at=now(), actor=person(request))
            said = ngettext("%(n)d piece waits again.", "%(n)d pieces wait again.", len(pieces))
            messages.success(request, said % {"n": len(pieces)})
    except (StoreError, LedgerError) as problem:
        messages.error(request, _busy(problem))
    return redirect("intake")


def _busy(problem: StoreError | LedgerError | BadMapping) -> str:
    return _("That could not be done now (%(why)s). Nothing was changed; try again in a minute.") % {
        "why": type(problem).__name__
    }
