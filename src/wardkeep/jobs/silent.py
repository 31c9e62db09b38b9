# SPDX-License-Identifier: Apache-2.0
"""Silences: those that a judgement saw, kept with its run and read again, and those of sources that are pulled."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa

from wardkeep.home import now
from wardkeep.jobs.pulling.status import pulls_of
from wardkeep.watch.engine import DuckEngine
from wardkeep.watch.silence import Silence, SilenceKind, silences
from wardkeep.watch.store import StoreError

if TYPE_CHECKING:
    import duckdb

    from wardkeep.home import Home
    from wardkeep.watch.cases.models import Run

ARTIFACT = "silences"
#: How long before the newest one a silence is still told.
RECENT = timedelta(days=14)
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("kind", "system", "first", "last")),
        *((name, pa.int64()) for name in ("from_us", "to_us", "expected", "got")),
    ]
)


def silences_in(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """What a run keeps. Events later than tomorrow, by a wrong clock or forged, tell of no hour in which others were silent."""
    tomorrow = (now() + timedelta(days=1) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    found = silences(DuckEngine(con), before_us=tomorrow)
    return pa.Table.from_pylist([asdict(one) for one in found], schema=_SCHEMA)


def silences_of(home: Home, run: Run | None) -> list[Silence]:
    """What a run kept, newest first, and no older than RECENT; none where it kept none or that cannot be read."""
    if run is None:
        return []
    try:
        rows = home.store().load_run(str(run.pk), ARTIFACT).to_pylist()
    except StoreError:
        return []  # of a run before silences were kept; damage is what `ledger verify` names
    found = [Silence(**{**row, "kind": SilenceKind(row["kind"])}) for row in rows]
    newest = max((one.to_us for one in found), default=0)
    recent = [one for one in found if one.to_us >= newest - RECENT // timedelta(microseconds=1)]
    return sorted(recent, key=lambda one: (-one.to_us, one.system))


def all_silences(home: Home, run: Run | None, *, at: datetime) -> list[Silence]:
    """What a run kept, and the pulled sources that are silent now: those do not wait for a judgement."""
    kept = silences_of(home, run)
    told = {one.system for one in kept if one.kind is SilenceKind.STOPPED}
    pulled = [one for one in silent_pulls(home, at=at) if one.kind is not SilenceKind.STOPPED or one.system not in told]
    return [*pulled, *kept]


def silent_pulls(home: Home, *, at: datetime) -> list[Silence]:
    """Pulled sources that cannot be read for long, or that are read and bring nothing new."""
    return [
        Silence(
            kind=SilenceKind(one.silence),
            system=one.system or one.name,
            from_us=_local_us(home, one.silent_since),
            to_us=_local_us(home, at),
            expected=0,
            got=0,
            # Several sources may fill one system.
            first=one.name if one.system else "",
            last=one.name if one.system else "",
        )
        for one in pulls_of(home, at=at).sources
        if one.silent_since is not None
    ]


def _local_us(home: Home, at: datetime) -> int:
    """A moment as the events' `local_us`."""
    local = at.astimezone(ZoneInfo(home.settings.hospital.timezone)).replace(tzinfo=UTC)
    return (local - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
