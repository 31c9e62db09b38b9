# SPDX-License-Identifier: Apache-2.0
"""What there is to tell, each thing once; `sending.py` brings it to people."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from wardkeep.govern.alerts.models import LiveAlert
from wardkeep.govern.notices import actions
from wardkeep.govern.notices.models import Told
from wardkeep.govern.notices.notice import Kind, Notice
from wardkeep.govern.records.reading import checks_since
from wardkeep.govern.records.standing import Outcome
from wardkeep.home import Home
from wardkeep.jobs import digests
from wardkeep.jobs.sending import channels, send_waiting
from wardkeep.jobs.silent import all_silences
from wardkeep.jobs.witnessed import standing
from wardkeep.ledger import LedgerError
from wardkeep.watch.cases import casebook
from wardkeep.watch.cases.case import Happening, State
from wardkeep.watch.cases.models import History

#: Live alerts are told by the process that makes them; those that it left untold for so long are told here.
LEFT = timedelta(minutes=1)
#: What makes a case one to read.
_OPENS = (Happening.SETTLED, Happening.UNEXPLAINED)


def tell(home: Home, *, at: datetime) -> int:
    """Make the notices that are due and send what waits; how many were sent. Does nothing where no channel is named."""
    named = channels(home)
    if not named:
        return 0
    for notice in due(home, at=at):
        if home.settings.notices.tells(notice.kind):
            actions.announce(notice, channels=named, at=at)
    digests.announce_due(home, named=named, at=at)
    return send_waiting(home, at=at)


def due(home: Home, *, at: datetime) -> Iterator[Notice]:
    """What there is to tell now; what was told before among it."""
    zone = ZoneInfo(home.settings.hospital.timezone)
    today = datetime.combine(at.astimezone(zone).date(), time(), zone)
    if count := _opened_since(today):
        yield Notice(kind=Kind.CASES, about=today.date().isoformat(), count=count)
    if (alerts := _untold(until=at - LEFT)) is not None:
        yield alerts
    for system in casebook.cover(now=at):
        if system.state == "silent" and system.last_event_at is not None:
            about = f"{system.system}|{system.last_event_at.date().isoformat()}"
            yield Notice(kind=Kind.SILENT, about=about, system=system.system)
    for silence in all_silences(home, casebook.last_run(), at=at):
        about = f"{silence.system}|{silence.kind}|{silence.from_us}"
        yield Notice(kind=Kind.SILENT, about=about, system=silence.system)
    yield from _records(today)
    for conflict in _conflicts(home):
        yield Notice(kind=Kind.LEDGER, about=hashlib.sha256(conflict.encode()).hexdigest()[:32])


def _records(today: datetime) -> Iterator[Notice]:
    """What checks of signed records came to today: records not known to differ before, and sources that could not be read."""
    for check in checks_since(today):
        if check.outcome == Outcome.NOT_EVALUATED:
            yield Notice(kind=Kind.SILENT, about=f"records|{check.source}|{today.date()}", system=check.source)
        elif check.fresh:
            yield Notice(kind=Kind.RECORDS, about=str(check.pk), count=check.fresh, system=check.system)


def announce_alerts(home: Home, *, at: datetime) -> None:
    """Make a notice of the live alerts of which there is none yet; it is sent in the next turn."""
    named = channels(home)
    if named and home.settings.notices.tells(Kind.ALERT) and (notice := _untold(until=at)) is not None:
        actions.announce(notice, channels=named, at=at)


def _opened_since(moment: datetime) -> int:
    """Cases that came to be read since, whatever day they are about: a hospital may hand over months late. One that was drawn
    by lot is a case like the others."""
    came = History.objects.filter(happening__in=_OPENS, at__gte=moment, case__state=State.OPEN)
    return came.values("case").distinct().count()


def _untold(*, until: datetime) -> Notice | None:
    """The live alerts since those that were last told, as one notice, named by the moment of the newest."""
    last = Told.objects.filter(kind=Kind.ALERT).order_by("-about").first()
    made = LiveAlert.objects.filter(made_at__lte=until)
    if last is not None:
        made = made.filter(made_at__gt=datetime.fromisoformat(last.about))
    newest = made.order_by("-made_at").first()
    if newest is None:
        return None
    return Notice(
        kind=Kind.ALERT, about=newest.made_at.astimezone(UTC).isoformat(timespec="microseconds"), count=made.count()
    )


def _conflicts(home: Home) -> list[str]:
    try:
        return standing(home, home.ledger_reader()).conflicts
    except (LedgerError, OSError):
        return []  # a ledger that cannot be read is what `doctor` and the console say
