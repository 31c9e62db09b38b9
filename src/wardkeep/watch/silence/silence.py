# SPDX-License-Identifier: Apache-2.0
"""Silences of the hospital's systems, told from their events alone. Pure: a connection with events in, values out.

A log that is missing looks like a quiet night. So what came is held against what the same system usually hands over in the
same hour of the same kind of day, and against its own numbering where it has one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from wardkeep.watch.engine import Engine, load

HOUR_US = 3_600_000_000
NEVER_US = 2**62
QUERIES = load(Path(__file__).parent)
_LOAD = ("hour_load", "system_span")
_HOURS = ("hour_due", "hour_usual", "hour_judged", "silence_rhythm")
_LEVELS = ("day_level", "level_usual", "level_of_all", "level_judged", "silence_level")
_NUMBERS = ("numbered", "stepped", "hole", "dense", "silence_sequence")
#: Days without any event that are taken for missing where events stand before and behind them; a longer gap is two spans.
GAP_DAYS = 62


class SilenceKind(StrEnum):
    STOPPED = "stopped"  # nothing came any more while others went on
    PAUSED = "paused"  # nearly nothing for hours in which it usually sends
    CHANGED = "changed"  # much less, or much more, than usual for days
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
    #: Days in a row that make a change, and the events that usually come in one.
    level_days: int = 3
    day_events: int = 100
    #: How many times the usual is a fall, and a rise; and how many times as far from it as the system's days usually are.
    fall: float = 0.6
    rise: float = 2.0
    spreads: float = 4.0
    #: Events of a series, and the share of them before which none is missing, before a skipped number counts.
    series_events: int = 1000
    series_share: float = 0.99
    #: Holes that a series may have beside, whatever their size, up to this share of its numbers each.
    holes: int = 10
    hole_share: float = 0.1


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
    #: Of what is pulled, the name of the source.
    first: str = ""
    last: str = ""


def silences(engine: Engine, *, limits: Limits | None = None, before_us: int = NEVER_US) -> list[Silence]:
    """Every silence in the events of `engine` (the view `all_events`) that are older than `before_us`, by system and time."""
    numbers = {**asdict(limits or Limits()), "before_us": before_us}
    engine.put("hour_of_day", [("hour", "INTEGER")], [(hour,) for hour in range(24)])
    try:
        for name in _LOAD:
            engine.make(QUERIES[name], numbers)
        engine.put("calendar", [("day", "INTEGER")], [(day,) for day in _calendar(engine)])
        for name in (*_HOURS, *_LEVELS, *_NUMBERS):
            engine.make(QUERIES[name], numbers)
        found = [*_pauses(engine), *_changes(engine), *_skips(engine)]
    finally:
        engine.drop([*_LOAD, *_HOURS, *_LEVELS, *_NUMBERS, "calendar", "hour_of_day"])
    return sorted(found, key=lambda one: (one.system, one.from_us, one.kind))


def _calendar(engine: Engine) -> list[int]:
    """Every day from the first event to the last, also those on which nothing came from any system."""
    days = [day for (day,) in engine.rows("SELECT DISTINCT h.day AS day FROM hour_load AS h ORDER BY h.day")]
    missing = [day for one, after in pairwise(days) if after - one <= GAP_DAYS for day in range(one + 1, after)]
    return sorted([*days, *missing])


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


def _changes(engine: Engine) -> list[Silence]:
    return [
        Silence(
            kind=SilenceKind.CHANGED,
            system=system,
            from_us=since * 24 * HOUR_US,
            to_us=until * 24 * HOUR_US,
            expected=expected,
            got=got,
        )
        for system, since, until, expected, got in engine.rows(
            "SELECT c.system, c.from_day, c.to_day, c.expected, c.got FROM silence_level AS c"
        )
    ]


def _skips(engine: Engine) -> list[Silence]:
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
