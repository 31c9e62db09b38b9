# SPDX-License-Identifier: Apache-2.0
"""The weekly list of departments' accounts in use: one item a department and week, not a case each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from wardkeep.watch.cases.kept import last_kept

#: Under which name a run keeps it, and what of it.
ARTIFACT = "shared_logins"
ARTIFACT_SQL = (
    "SELECT department, monday, accounts, before, accesses, named, people FROM shared_login ORDER BY monday, department"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedLine:
    """A department's accounts in one week."""

    department: str | None
    accounts: int
    account_days: int
    accesses: int
    #: Accesses for which a person is named, and their share.
    named: int
    share: float
    people: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedWeek:
    monday: date
    lines: Sequence[SharedLine]


def shared_weeks() -> list[SharedWeek]:
    """By week, newest first, most accesses first, as the last run found them; empty where nothing was judged yet."""
    by_week: dict[date, list[SharedLine]] = {}
    for row in last_kept(ARTIFACT):
        line = SharedLine(
            department=row["department"],
            accounts=row["accounts"],
            account_days=row["before"],
            accesses=row["accesses"],
            named=row["named"],
            share=row["named"] / row["accesses"] if row["accesses"] else 0.0,
            people=row["people"],
        )
        by_week.setdefault(date(1970, 1, 1) + timedelta(days=row["monday"]), []).append(line)
    return [
        SharedWeek(monday=monday, lines=sorted(lines, key=lambda line: (-line.accesses, line.department or "")))
        for monday, lines in sorted(by_week.items(), reverse=True)
    ]
