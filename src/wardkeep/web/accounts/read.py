# SPDX-License-Identifier: Apache-2.0
"""Names of the hospital's people and departments: a small question that every page asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from wardkeep.watch.cases.directory import directory


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """Who is who: names by account and by staff number, and of departments, where the hospital's tables have them."""

    by_account: dict[str, str]
    by_staff: dict[str, str]
    departments: dict[str, str] = field(default_factory=dict)

    def of(self, account: str | None) -> str:
        """A person's name; the account itself where it is nobody's alone."""
        return self.by_account.get(account or "") or account or "–"

    def department(self, code: str | None) -> str:
        """A department's name; its code where it has none."""
        return self.departments.get(code or "") or code or "–"


def people(accounts: Iterable[str | None] = (), staff: Iterable[str | None] = ()) -> People:
    """Names of the people behind accounts and staff numbers, and of all departments."""
    known = directory()
    return People(
        by_account={a: known.by_account[a] for a in accounts if a in known.by_account},
        by_staff={s: known.by_staff[s] for s in staff if s in known.by_staff},
        departments=known.departments,
    )
