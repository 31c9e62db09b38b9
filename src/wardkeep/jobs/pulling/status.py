# SPDX-License-Identifier: Apache-2.0
"""How the sources are that `wardkeep serve` pulls: the settings, and what the process says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from wardkeep.jobs.listen.places import PULLING, live_folder
from wardkeep.jobs.listen.status import is_fresh, said_in
from wardkeep.watch.pull import late_after

if TYPE_CHECKING:
    from wardkeep.home import Home

#: A source whose pulls end well and that had no new row for so long sends no more.
QUIET = timedelta(hours=24)


class Tally(msgspec.Struct, kw_only=True):
    """What came of one source so far, also over restarts."""

    name: str = ""
    system: str = ""
    view: str = ""
    every: int = 300
    #: New rows stored, rows that were known, rows set aside; rows without a watermark at the last pull.
    rows: int = 0
    duplicates: int = 0
    quarantined: int = 0
    without_watermark: int | None = None
    #: Up to where rows are sealed: as the column says it, and as a moment where it is a time.
    watermark: str | None = None
    watermark_at: datetime | None = None
    #: Rows a second while the last pull read.
    rate: float = 0.0
    first_try: datetime | None = None
    last_success: datetime | None = None
    #: When a new row came last.
    last_row: datetime | None = None
    failures: int = 0
    next_at: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PulledSource:
    """One source, as a page and a command show it."""

    #: As the settings name it.
    file: str
    name: str
    system: str
    view: str
    every: int
    rows: int
    quarantined: int
    without_watermark: int | None
    rate: float
    watermark: str | None
    #: Seconds between the newest row that is sealed and now; None where the watermark is a number or nothing was pulled yet.
    behind_s: float | None
    last_success: datetime | None
    next_at: datetime | None
    trouble: str
    #: `unread`: no pull ended well for long; `stopped`: pulls end well and bring nothing new; else empty. Since when.
    silence: str
    silent_since: datetime | None

    @property
    def behind(self) -> timedelta | None:
        return None if self.behind_s is None else timedelta(seconds=self.behind_s)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulls:
    """All of them. `running`: whether the process has said something just now."""

    running: bool
    sources: tuple[PulledSource, ...]


def pulls_of(home: Home, *, at: datetime) -> Pulls:
    """How the pulled sources are. Never raises for what the status file holds: it is then as if it were not there."""
    said = said_in(live_folder(home) / PULLING)
    tallies = remembered(said)
    return Pulls(
        running=is_fresh(said, at),
        sources=tuple(_shown(file, tallies.get(file, Tally()), at) for file in home.settings.intake.pulls),
    )


def remembered(said: Any) -> dict[str, Tally]:
    """What the process said last of each source; what cannot be read is left out."""
    sources = said.get("sources")
    found = {}
    for file, one in (sources if isinstance(sources, dict) else {}).items():
        try:
            found[file] = msgspec.convert(one, Tally)
        except (msgspec.ValidationError, UnicodeError):
            continue
    return found


def silence_of(tally: Tally, at: datetime) -> tuple[str, datetime | None]:
    """Whether a source is silent, and since when."""
    known = tally.last_success or tally.first_try
    if known is None:
        return "", None
    if at - known > timedelta(seconds=late_after(tally.every)):
        return "unread", known
    if tally.last_row is not None and at - tally.last_row > max(QUIET, timedelta(seconds=late_after(tally.every))):
        return "stopped", tally.last_row
    return "", None


def _shown(file: str, tally: Tally, at: datetime) -> PulledSource:
    silence, since = silence_of(tally, at)
    return PulledSource(
        file=file,
        name=tally.name or Path(file).stem,
        system=tally.system,
        view=tally.view,
        every=tally.every,
        rows=tally.rows,
        quarantined=tally.quarantined,
        without_watermark=tally.without_watermark,
        rate=tally.rate,
        watermark=tally.watermark,
        behind_s=round(max(0.0, (at - tally.watermark_at).total_seconds()), 3) if tally.watermark_at else None,
        last_success=tally.last_success,
        next_at=tally.next_at,
        trouble=tally.trouble,
        silence=silence,
        silent_since=since,
    )
