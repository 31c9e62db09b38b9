# SPDX-License-Identifier: Apache-2.0
"""The hospital's staff and departments by name, kept in memory for as long as no table was loaded anew."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from django.conf import settings

from wardkeep.watch.cases.accesses import Opened, tables


@dataclass(frozen=True, kw_only=True, slots=True)
class Directory:
    """Names by account, by staff number and by department, what has no name left out; and how large departments are."""

    by_account: dict[str, str]
    by_staff: dict[str, str]
    departments: dict[str, str]
    #: department -> how many people belong to it, by the table of staff.
    people: dict[str, int]
    #: Departments that a table names; empty where the hospital hands over none of its departments.
    listed: frozenset[str] = frozenset()

    def lacks(self, department: str) -> bool:
        """Whether the departments are known, and this is none of them."""
        return bool(self.listed) and department not in self.listed


#: What was read last, and the loads that it was read from. Whoever holds `_turn` may change it.
_kept: list[tuple[tuple[str, ...], Directory]] = []
_turn = threading.Lock()


def directory() -> Directory:
    """The names as they are known now."""
    state = settings.WARDKEEP_HOME.store().loads()
    with _turn:
        if not _kept or _kept[0][0] != state:
            with tables() as store:
                _kept[:] = [(state, _read(store))]
        return _kept[0][1]


def forget() -> None:
    """Read them anew next time: another home serves this process, in a test."""
    with _turn:
        _kept.clear()


def _read(store: Opened) -> Directory:
    names = {
        "by_account": "SELECT a.account, s.name FROM accounts a JOIN staff s USING (staff_id) WHERE s.name IS NOT NULL",
        "by_staff": "SELECT staff_id, name FROM staff WHERE name IS NOT NULL",
        "departments": "SELECT department, name FROM departments WHERE name IS NOT NULL",
        "people": "SELECT department, count(DISTINCT staff_id) FROM staff WHERE department IS NOT NULL GROUP BY 1",
    }
    known = {name: dict(store.con.execute(sql).fetchall()) for name, sql in names.items()}
    return Directory(**known, listed=_listed(store))


def _listed(store: Opened) -> frozenset[str]:
    """A department that people or accounts belong to is one, though the table of departments may lack it."""
    found = [
        frozenset(name for (name,) in store.con.execute(f"SELECT DISTINCT department FROM {table}").fetchall())  # noqa: S608 - our own names
        for table in ("departments", "staff", "accounts")
    ]
    return frozenset().union(*found) - {None} if found[0] else frozenset()
