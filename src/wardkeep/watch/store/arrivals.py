# SPDX-License-Identifier: Apache-2.0
"""What each system handed over, and when: read from the manifest alone, no segment is opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    #: (system, when a batch was received) -> the time of its newest event; of compacted segments the newest, and delays.
    newest: dict[tuple[str, int], int] = {}
    joined: dict[tuple[str, int], int] = {}
    delays: dict[str, list[int]] = {}
    for row in files:
        if row.kind != "segment" or row.day is None or row.day < since_day:
            continue
        facts = row.facts
        for system, (rows, last_us) in facts.get("seen", {}).items():
            by_day = days.setdefault(system, {})
            by_day[row.day] = by_day.get(row.day, 0) + rows
            if row.compacted:
                middle, count, at = facts["delays"][system]
                delays.setdefault(system, []).extend([middle] * count)
                into, key = joined, (system, at)
            else:
                into, key = newest, (system, received[row.seq])
            into[key] = max(into.get(key, last_us), last_us)
    for (system, at), last in newest.items():
        delays.setdefault(system, []).append(at - last)
    return [
        Arrived(
            system=system,
            days=days[system],
            newest_us=max(last for (name, _), last in [*newest.items(), *joined.items()] if name == system),
            received_us=max(at for name, at in [*newest, *joined] if name == system),
            delay_us=round(median(delays[system])),
        )
        for system in sorted(days)
    ]


def delays_of(rows: Iterable[FileRow], received: Mapping[int, int]) -> dict[str, list[int]]:
    """For a compacted segment: system -> the median delay of the batches in it, how many, and when the last was received."""
    found: dict[str, list[int]] = {}
    last: dict[str, int] = {}
    for row in rows:
        facts = row.facts
        for system, (_, newest_us) in facts.get("seen", {}).items():
            middle, count, at = (
                facts["delays"][system] if row.compacted else (received[row.seq] - newest_us, 1, received[row.seq])
            )
            found.setdefault(system, []).extend([middle] * count)
            last[system] = max(last.get(system, at), at)
    return {system: [round(median(all_)), len(all_), last[system]] for system, all_ in sorted(found.items())}
