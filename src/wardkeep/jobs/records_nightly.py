# SPDX-License-Identifier: Apache-2.0
"""Sources of records checked: what came of it is kept with its act, and a source that cannot be read is said to be so.

Every night each source that the settings name; on demand one that somebody names.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from wardkeep.govern.records import actions, reading
from wardkeep.govern.records.models import RecordCheck
from wardkeep.govern.records.standing import Outcome
from wardkeep.jobs.from_source import FromSource
from wardkeep.jobs.record_sources import Given, read_again, record_source_named
from wardkeep.jobs.records import keep_doubts
from wardkeep.ledger import LedgerError
from wardkeep.watch.pull import PullError
from wardkeep.watch.store import StoreError

if TYPE_CHECKING:
    from wardkeep.home import Home

#: A check that was missed (the machine was off) runs within this time of the night; else it waits for the next one.
CATCH_UP = timedelta(hours=6)
#: A source that could not be read is tried again after this long.
AGAIN_AFTER = timedelta(hours=1)
#: Open differences that are looked at again beside the sample.
OPEN = 1000


def check_source(
    home: Home, given: Given, *, at: datetime, sample: int | None, actor: Any = "cli"
) -> tuple[RecordCheck, FromSource]:
    """Check one source and keep what came of it. Raises PullError, StoreError, LedgerError: then nothing is kept."""
    source = given.source
    also = reading.open_records(source.name, most=OPEN)
    done = read_again(home, given, at=at, sample=sample, also=also)
    check = RecordCheck(
        source=source.name, system=source.system, kind=source.kind, at=at, outcome=Outcome.CHECKED, sealed=done.sealed,
        compared=done.compared, intact=done.intact, unaskable=done.unaskable,
    )  # fmt: skip
    actions.keep(check, [*done.differences, *done.doubtful], intact=done.as_sealed, by=actor)
    keep_doubts(home, at=at, actor=actor)
    return check, done


def nightly(home: Home, *, at: datetime, only_due: bool = False, actor: Any = "jobs") -> list[RecordCheck]:
    """Check each source of the settings; one that cannot be read keeps no other from being checked."""
    checks = []
    for place in due(home, at) if only_due else home.settings.records.sources:
        try:
            given = record_source_named(home.path / place)
            check, _ = check_source(home, given, at=at, sample=given.sample(home.settings.records.sample), actor=actor)
        except (PullError, StoreError, LedgerError, OSError) as problem:
            # Fails closed, said aloud: what could not be read is no intact source.
            check = actions.not_evaluated(name_of(home, place), _said(problem), at=at, by=actor)
        checks.append(check)
    return checks


def due(home: Home, at: datetime) -> list[str]:
    """The sources whose check should have begun tonight, not long ago, and did not end well yet."""
    settings = home.settings
    zone = ZoneInfo(settings.hospital.timezone)
    hour, minute = map(int, settings.records.nightly_at.split(":"))
    local = at.astimezone(zone)
    begins = datetime.combine(local.date(), time(hour, minute), zone)
    if not begins <= local < begins + CATCH_UP:
        return []
    again = max(begins, at - AGAIN_AFTER)
    named = {place: name_of(home, place) for place in settings.records.sources}
    return [
        place
        for place, name in named.items()
        if not reading.checked_since(name, begins) and not reading.tried_since(name, again)
    ]


def name_of(home: Home, place: str) -> str:
    """What a source is called: as its file says, or as the file is called where that cannot be read."""
    try:
        return record_source_named(home.path / place).source.name
    except (PullError, OSError):
        return Path(place).stem[:64]


def _said(problem: Exception) -> str:
    hint = getattr(problem, "hint", None)
    return f"{problem} ({hint})" if hint else str(problem)
