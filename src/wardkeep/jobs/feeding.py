# SPDX-License-Identifier: Apache-2.0
"""Our own reviewers' accesses, as events of the system `wardkeep`: sealed, explained and flagged like everyone's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from wardkeep.home import Home
from wardkeep.watch.event import OWN_SYSTEM, AccessEvent, Action, TimeQuality

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Touches are looked for again from this long before the last one fed: one that was committed late is not lost.
OVERLAP = timedelta(minutes=15)
AT_ONCE = 5000


def feed_touches(home: Home, *, at: datetime) -> int:
    """Hand the store every touch that it does not have; returns how many it took."""
    from wardkeep.watch.cases.models import Fed, Touch  # noqa: PLC0415
    from wardkeep.watch.intake.batch import batches_of  # noqa: PLC0415
    from wardkeep.watch.store import ingest  # noqa: PLC0415

    fed = Fed.objects.first()
    until = fed.until if fed else EPOCH
    every = Touch.objects.select_related("user", "case").order_by("at")
    new = list(every.filter(at__gt=until)[:AT_ONCE])
    if not new:
        return 0
    touches = [*_late(home, every, until), *new] if fed else new
    with home.connect_ledger(wait=5.0) as ledger:
        report = ingest(home.store(), ledger, batches_of(events(touches)), received_at=at)
    Fed.objects.update_or_create(id=1, defaults={"until": touches[-1].at})
    return int(report.accepted)


def _late(home: Home, every: Any, until: datetime) -> list[Any]:
    """Touches that were committed after later ones had been fed. Those that the store has are not handed over again:
    their case may have other patients by now, which would be a conflict."""
    late = list(every.filter(at__gt=until - OVERLAP, at__lte=until))
    con = home.store().connect(from_us=_us(until - OVERLAP), to_us=_us(until) + 1, memory_limit="1GB", threads=1)
    try:
        known = {e for (e,) in con.execute("SELECT event_id FROM all_events WHERE system = ?", [OWN_SYSTEM]).fetchall()}
    finally:
        con.close()
    return [touch for touch in late if str(touch.id) not in known]


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def events(touches: list[object]) -> Iterator[AccessEvent]:
    """Each touch in the common shape."""
    for touch in touches:
        yield _event(touch)


def _event(touch: object) -> AccessEvent:
    from wardkeep.watch.cases.models import Touch  # noqa: PLC0415

    assert isinstance(touch, Touch)  # noqa: S101 - narrows the type
    patients = (touch.patient_id,) if touch.patient_id else tuple(touch.case.patients) if touch.case else ()
    searches = touch.kind == "search"
    said = json.dumps([str(touch.id), touch.kind, str(touch.user_id), patients, touch.account, touch.query])
    return AccessEvent(
        event_id=str(touch.id),
        time=_us(touch.at),
        time_quality=TimeQuality.OFFSET,
        account=touch.user.access_account,
        patients=() if searches else patients,
        action=Action.SEARCH if searches else Action.READ,
        resource=f"wardkeep:{touch.kind}",
        system=OWN_SYSTEM,
        ip=touch.ip or None,
        session_id=touch.session or None,
        query=touch.query or None,
        format="wardkeep",
        source="touches",
        position=str(touch.id),
        raw_sha256=hashlib.sha256(said.encode()).digest(),
        extra={"case": touch.case.key} if touch.case else {},
    )
