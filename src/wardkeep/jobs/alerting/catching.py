# SPDX-License-Identifier: Apache-2.0
"""Messages that the store had taken before they could be judged live: read from the store, and judged late.

What a source said beyond the common columns is not there: of these, protocols and programs are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from wardkeep.watch.intake.row import Row
from wardkeep.watch.store import Store

#: How long before now events may have happened that are still judged late.
BACK = timedelta(days=2)
#: Messages of one gap that are judged late, the newest; what is before them is left to the nightly judgement.
MOST = 500_000

_ASKED = """
    SELECT e.received_us, e.event_id, e.time_us, e.account, e.patient_id, e.action, e.resource, e.outcome, e.system,
        e.workstation, e.ip, e.site, e.kind, e.format, e.position, e.source
    FROM all_events AS e
    WHERE starts_with(e.source, ?) AND try_cast(split_part(e.position, ':', 1) AS BIGINT) BETWEEN ? AND ?
    ORDER BY try_cast(split_part(e.position, ':', 1) AS BIGINT), e.position, e.eid
"""


def missed_rows(
    store: Store, name: str, span: tuple[int, int], *, at: datetime, memory_limit: str
) -> Iterator[tuple[int, list[Row]]]:
    """The events of a listener's messages `span` (from, to), with when they were received. Raises StoreError."""
    first, after = max(span[0], span[1] - MOST), span[1]
    since = int((at - BACK).timestamp() * 1e6)
    con = store.connect(from_us=since, memory_limit=memory_limit, threads=1)
    try:
        found = con.execute(_ASKED, [f"{name}/", first, after - 1]).fetchall()
    finally:
        con.close()
    for received, rows in groupby(_events(found), key=lambda one: one[0]):
        yield received, [row for _, row in rows]


def _events(found: list[tuple[Any, ...]]) -> Iterator[tuple[int, Row]]:
    """One event for all the rows of its patients."""
    for _, parts in groupby(found, key=lambda one: (one[15], one[14], one[1], one[2])):
        rows = list(parts)
        (received, event_id, time, account, _, action, resource, outcome, system, station, ip, site, kind, form, position,
         _) = rows[0]  # fmt: skip
        yield received, Row(
            event_id=event_id, time=time, time_quality="offset", account=account,
            patients=tuple(row[4] for row in rows if row[4] is not None), action=action, resource=resource, amount=1,
            purpose=None, breakglass=False, outcome=outcome, system=system, workstation=station, ip=ip, site=site,
            session_id=None, query=None, duration_ms=None, kind=kind, format=form, position=position, raw_sha256=b"",
            extra=None,
        )  # fmt: skip
