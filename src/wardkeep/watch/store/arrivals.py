# SPDX-License-Identifier: Apache-2.0
"""What each system handed over, and when: read from the manifest alone, no segment is opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

import pyarrow as pa

from wardkeep.watch.store.manifest import BatchRow, FileRow


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrived:
    """What one system handed over. Times are microseconds UTC, days count from 1970-01-01 in the hospital's zone."""

    system: str
    #: Local day of the events -> rows.
    days: dict[int, int]
    newest_us: int
    received_us: int
    #: Between the newest event of a batch and its arrival: the median over the batches.
    delay_us: int


def seen(rows: pa.Table) -> dict[str, list[int]]:
    """For a segment's entry in the manifest: system -> its rows, and the time of its newest event."""
    found = rows.select(["system", "time_us"]).group_by("system").aggregate([("time_us", "count"), ("time_us", "max")])
    return {
        row["system"]: [row["time_us_count"], row["time_us_max"]]
        for row in sorted(found.to_pylist(), key=lambda row: str(row["system"]))
    }


def arrived(files: Iterable[FileRow], batches: Iterable[BatchRow], *, since_day: int) -> list[Arrived]:
    """What came of each system with an event on `since_day` or later, by name."""
    received = {row.seq: row.received_us for row in batches}
    days: dict[str, dict[int, int]] = {}
    newest: dict[tuple[str, int], int] = {}
    for row in files:
        if row.kind != "segment" or row.day is None or row.day < since_day:
            continue
        for system, (rows, last_us) in row.facts.get("seen", {}).items():
            by_day = days.setdefault(system, {})
            by_day[row.day] = by_day.get(row.day, 0) + rows
            key = (system, received[row.seq])
            newest[key] = max(newest.get(key, last_us), last_us)
    return [
        Arrived(
            system=system,
            days=days[system],
            newest_us=max(last for (name, _), last in newest.items() if name == system),
            received_us=max(at for name, at in newest if name == system),
            delay_us=round(median(at - last for (name, at), last in newest.items() if name == system)),
        )
        for system in sorted(days)
    ]
