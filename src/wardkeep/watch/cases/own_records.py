# SPDX-License-Identifier: Apache-2.0
"""The weekly list of people who opened their own record: for hospitals where that is no case (`judging.self_access`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from wardkeep.watch.cases.kept import last_kept

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Under which name a run keeps it.
ARTIFACT = "own_records"
#: What a run keeps of it: every finding of the detection, whatever became a case.
ARTIFACT_SQL = """
    SELECT login AS account, first_us, last_us, first_day,
           CAST(json_extract_string(observed, '$.accesses') AS BIGINT) AS accesses
    FROM finding WHERE detection = 'self_access' ORDER BY first_us, login
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnRecord:
    """One account that opened its holder's record, from a first to a last time."""

    account: str
    from_at: datetime
    to_at: datetime
    accesses: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Week:
    """The local week in which the openings began."""

    monday: date
    lines: Sequence[OwnRecord]


def weeks() -> list[Week]:
    """By week, newest first, as the last run found them; empty where nothing was judged yet."""
    by_week: dict[date, list[OwnRecord]] = {}
    for row in last_kept(ARTIFACT):
        day = date(1970, 1, 1) + timedelta(days=row["first_day"])
        line = OwnRecord(
            account=row["account"],
            from_at=EPOCH + timedelta(microseconds=row["first_us"]),
            to_at=EPOCH + timedelta(microseconds=row["last_us"]),
            accesses=row["accesses"],
        )
        by_week.setdefault(day - timedelta(days=day.weekday()), []).append(line)
    return [Week(monday=monday, lines=lines) for monday, lines in sorted(by_week.items(), reverse=True)]
