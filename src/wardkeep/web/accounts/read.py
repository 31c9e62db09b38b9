# SPDX-License-Identifier: Apache-2.0
"""Names of the hospital's people, and their shifts: small questions that several pages share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wardkeep.watch.cases.accesses import EPOCH, Opened, opened
from wardkeep.web.draw.timeline import Shift

#: A shift without an end is drawn this long.
OPEN_SHIFT = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """Who is who: names by account and by staff number, where the hospital's tables have them."""

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
    """Names of the people behind accounts and staff numbers."""
    wanted, numbers = {a for a in accounts if a}, {s for s in staff if s}
    with opened(from_at=EPOCH, to_at=EPOCH) as store:
        return People(
            by_account=_by_account(store, wanted),
            by_staff=_by_staff(store, numbers),
            departments=_departments(store),
        )


def shifts_of(account: str, *, from_at: datetime, to_at: datetime) -> list[Shift] | None:
    """The shifts of the person behind an account; None where the hospital hands over none."""
    with opened(from_at=EPOCH, to_at=EPOCH) as store:
        if "shifts" not in store.tables:
            return None
        sql = """SELECT DISTINCT sh.department, sh.start_us, sh.end_us FROM shifts sh JOIN accounts a USING (staff_id)
                 WHERE a.account = $account AND sh.start_us < $until AND coalesce(sh.end_us, sh.start_us) >= $since
                 ORDER BY 2"""
        values = {"account": account, "since": _us(from_at) - OPEN_SHIFT // _MICROSECOND, "until": _us(to_at)}
        rows = store.con.execute(sql, values).fetchall()
    shifts = [
        (d, EPOCH + begins * _MICROSECOND, EPOCH + ends * _MICROSECOND if ends else None) for d, begins, ends in rows
    ]
    return [Shift(department=d, start=begins, end=ends or begins + OPEN_SHIFT) for d, begins, ends in shifts]


def _by_account(store: Opened, accounts: Collection[str]) -> dict[str, str]:
    sql = """SELECT a.account, s.name FROM accounts a JOIN staff s USING (staff_id)
             WHERE list_contains($wanted, a.account) AND s.name IS NOT NULL"""
    return dict(store.con.execute(sql, {"wanted": sorted(accounts)}).fetchall()) if accounts else {}


def _by_staff(store: Opened, numbers: Collection[str]) -> dict[str, str]:
    sql = "SELECT staff_id, name FROM staff WHERE list_contains($wanted, staff_id) AND name IS NOT NULL"
    return dict(store.con.execute(sql, {"wanted": sorted(numbers)}).fetchall()) if numbers else {}


def _departments(store: Opened) -> dict[str, str]:
    if "departments" not in store.tables:
        return {}
    return dict(store.con.execute("SELECT department, name FROM departments WHERE name IS NOT NULL").fetchall())


_MICROSECOND = timedelta(microseconds=1)


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // _MICROSECOND
