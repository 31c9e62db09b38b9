# SPDX-License-Identifier: Apache-2.0
"""Silences of the hospital's systems, told from their events alone. Pure: a connection with events in, values out.

A log that is missing looks like a quiet night. So what came is held against what the same system usually hands over in the
same hour of the same kind of day, and against its own numbering where it has one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from wardkeep.watch.engine import Engine, load

HOUR_US = 3_600_000_000
QUERIES = load(Path(__file__).parent)
_ORDER = ("hour_load", "system_span", "hour_due", "hour_usual", "hour_judged", "silence_rhythm", "numbered", "dense")


class SilenceKind(StrEnum):
    STOPPED = "stopped"  # nothing came any more while others went on
    PAUSED = "paused"  # nearly nothing for hours in which it usually sends
    SKIPPED = "skipped"  # numbers of its own counting are missing
    UNREAD = "unread"  # the database from which it is pulled cannot be read


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When a pause is a silence. The name or the comment gives the unit."""

    #: Days of the same kind (working days, weekends) that must be known before an hour is expected to be as usual.
    known_days: int = 4
    #: Events that usually come in an hour; quieter hours are not judged.
    hour_events: int = 20
    #: Share of the usual events up to which an hour counts as missed.
    left_share: float = 0.05
    #: Hours in a row that make a silence.
    hours: int = 2
    #: Events of a series, and the share of its numbers that must be there, before a skipped one counts.
    series_events: int = 1000
    series_share: float = 0.99


@dataclass(frozen=True, kw_only=True, slots=True)
class Silence:
    """One of them. Times are local, as the events' `local_us`; of `skipped` those of the events around the hole."""

    kind: SilenceKind
    system: str
    from_us: int
    to_us: int
    #: Events that usually come in that time, and those that came; of `skipped`, the numbers that are missing, and 0.
    expected: int
    got: int
    #: `skipped`: the first and last missing number, with what stands before it in the source.
    first: str = ""
    last: str = ""


def silences(engine: Engine, *, limits: Limits | None = None) -> list[Silence]:
    """Every silence in the events of `engine` (the view `all_events`), by system and time."""
    limits = limits or Limits()
    numbers = asdict(limits)
    engine.put("hour_of_day", [("hour", "INTEGER")], [(hour,) for hour in range(24)])
    for name in _ORDER:
        engine.make(QUERIES[name], numbers)
    try:
        found = [*_pauses(engine), *_skips(engine, numbers)]
    finally:
        engine.drop([*_ORDER, "silence_sequence", "hour_of_day"])
    return sorted(found, key=lambda one: (one.system, one.from_us, one.kind))


def _pauses(engine: Engine) -> list[Silence]:
    rows = engine.rows("SELECT r.system, r.from_hour, r.to_hour, r.expected, r.got, r.open FROM silence_rhythm AS r")
    return [
        Silence(
            kind=SilenceKind.STOPPED if is_open else SilenceKind.PAUSED,
            system=system,
            from_us=since * HOUR_US,
            to_us=until * HOUR_US,
            expected=expected,
            got=got,
        )
        for system, since, until, expected, got, is_open in rows
    ]


def _skips(engine: Engine, numbers: dict[str, int | float]) -> list[Silence]:
    engine.make(QUERIES["silence_sequence"], numbers)
    return [
        Silence(
            kind=SilenceKind.SKIPPED,
            system=system,
            from_us=min(before, after),
            to_us=max(before, after),
            expected=skipped,
            got=0,
            first=f"{series}{first:0{width}d}",
            last=f"{series}{last:0{width}d}",
        )
        for system, series, width, first, last, before, after, skipped in engine.rows(
            "SELECT s.system, s.series, s.width, s.from_number, s.to_number, s.from_us, s.to_us, s.skipped"
            " FROM silence_sequence AS s"
        )
    ]
