# SPDX-License-Identifier: Apache-2.0
"""What came in, what was set aside, and by which mappings files are read, as the intake page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from wardkeep.govern.mappings.actions import in_force
from wardkeep.govern.mappings.models import MappingVersion
from wardkeep.jobs.mappings import is_in_place, mapping_file, mappings_folder
from wardkeep.jobs.replaying import needs_mapping
from wardkeep.watch.cases.casebook import last_run
from wardkeep.watch.event import OWN_SYSTEM
from wardkeep.watch.intake.errors import BadMapping
from wardkeep.watch.intake.mapping import Mapping, parse_mapping
from wardkeep.watch.store import Piece, StoreError
from wardkeep.watch.store.arrivals import Arrived
from wardkeep.web.draw.arrivals import Bar, draw_arrivals

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS = 14


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockLine:
    """What the last judgement found of a system's clock, held against that of `reference`."""

    reference: str
    #: How far it is ahead; negative where it is behind.
    ahead: float
    #: Whether its times were corrected by it: too few pairs, or pairs too far apart, correct nothing.
    applied: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceLine:
    """One system: None in what it never gave."""

    system: str
    newest_at: datetime | None
    received_at: datetime | None
    #: Between an event and its arrival, usually.
    delay: timedelta | None
    #: None where no judgement could hold it against another one; the reference itself has none either.
    clock: ClockLine | None
    rows: int
    bars: Sequence[Bar]


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAside:
    """The pieces of one file that were set aside for the same reason."""

    source: str
    #: The stable word of the reason, and the whole sentence of the first.
    code: str
    reason: str
    position: str
    count: int
    first_at: datetime
    #: What contradicts a stored event is read again as its amendment.
    is_conflict: bool
    #: A mapping may be what is missing.
    needs_mapping: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class InForce:
    """A mapping that files are read by; `row` None where somebody put the file there by hand."""

    name: str
    #: None where the file cannot be read.
    mapping: Mapping | None
    row: MappingVersion | None
    #: Whether the file is there and says what was confirmed.
    in_place: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """The page. `problem`: why the store could not be read."""

    sources: Sequence[SourceLine] = ()
    waiting: Sequence[SetAside] = ()
    #: What a person closed.
    closed: Sequence[SetAside] = ()
    first_day: date | None = None
    last_day: date | None = None
    problem: str = ""


def shown(*, now: datetime) -> Shown:
    """The last days of every system, and what waits in quarantine. A store that cannot be read is said, not hidden."""
    home = settings.WARDKEEP_HOME
    today = now.astimezone(ZoneInfo(home.settings.hospital.timezone)).date()
    store = home.store()
    try:
        # Our own touches come with the work in the console, not from a system of the hospital.
        everything = [one for one in store.arrived(since_day=0) if one.system != OWN_SYSTEM]
        pieces = store.pieces()
    except StoreError as problem:
        return Shown(problem=type(problem).__name__)
    newest = max((max(one.days) for one in everything), default=None)
    # A hospital that hands over month by month has nothing of today: the days end with what it has.
    last = min(today, EPOCH.date() + timedelta(days=newest)) if newest is not None else today
    first = last - timedelta(days=DAYS - 1)
    known = {one.system for one in everything}
    clocks = _clocks()
    expected = sorted(set(home.settings.hospital.systems) - known)
    return Shown(
        sources=[_line(one, first, clocks.get(one.system)) for one in everything]
        + [_never(system) for system in expected],
        waiting=_grouped([piece for piece in pieces if piece.state == "open"]),
        closed=_grouped([piece for piece in pieces if piece.state == "dismissed"]),
        first_day=first,
        last_day=last,
    )


def mappings_in_force() -> list[InForce]:
    """Confirmed mappings, and those that lie among them by hand, by name."""
    home = settings.WARDKEEP_HOME
    rows = in_force()
    by_hand = {path.stem for path in mappings_folder(home).glob("*.toml")} - set(rows)
    found = []
    for name in sorted({*rows, *by_hand}):
        row = rows.get(name)
        try:
            text = row.text if row else mapping_file(home, name).read_text("utf-8")
            said = parse_mapping(text, name)
        except (BadMapping, OSError, UnicodeDecodeError):
            found.append(InForce(name=name, mapping=None, row=row, in_place=False))
            continue
        found.append(InForce(name=name, mapping=said, row=row, in_place=row is None or is_in_place(home, row)))
    return found


def waiting_pieces(source: str, code: str, *, state: str = "open") -> list[Piece]:
    """What waits of one file for one reason, or was closed. Raises StoreError."""
    store = settings.WARDKEEP_HOME.store()
    return [p for p in store.pieces() if p.state == state and p.source == source and code_of(p.reason) == code]


def code_of(reason: str) -> str:
    """The stable word of a reason."""
    return reason.partition(":")[0]


def _clocks() -> dict[str, ClockLine]:
    """The clocks that the last judgement held against another one, by system."""
    run = last_run()
    return {
        one["system"]: ClockLine(reference=one["reference"], ahead=one["offset_seconds"], applied=one["applied"])
        for one in (run.summary.get("clocks", []) if run else [])
        if one["system"] != one["reference"]
    }


def _line(one: Arrived, first: date, clock: ClockLine | None) -> SourceLine:
    days = [one.days.get((first - EPOCH.date()).days + n, 0) for n in range(DAYS)]
    return SourceLine(
        system=one.system,
        newest_at=_moment(one.newest_us),
        received_at=_moment(one.received_us),
        delay=timedelta(microseconds=max(0, one.delay_us)),
        clock=clock,
        rows=sum(days),
        bars=draw_arrivals(days, first),
    )


def _never(system: str) -> SourceLine:
    return SourceLine(system=system, newest_at=None, received_at=None, delay=None, clock=None, rows=0, bars=())


def _grouped(pieces: Sequence[Piece]) -> list[SetAside]:
    groups: dict[tuple[str, str], list[Piece]] = {}
    for piece in pieces:
        groups.setdefault((piece.source, code_of(piece.reason)), []).append(piece)
    found = [
        SetAside(
            source=source,
            code=code,
            reason=some[0].reason,
            position=some[0].position,
            count=len(some),
            first_at=_moment(min(piece.received_us for piece in some)),
            is_conflict=some[0].is_conflict,
            needs_mapping=needs_mapping(some[0]),
        )
        for (source, code), some in groups.items()
    ]
    return sorted(found, key=lambda one: (-one.count, one.source, one.code))


def _moment(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=us)
