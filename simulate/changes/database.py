# SPDX-License-Identifier: Apache-2.0
"""Statements that change what stands in a database, under people's own logins: by leave, by habit, and to do wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from simulate.changes import statements as said
from simulate.changes.journal import DIRECT_CHANGE, Journal, Statement, Ticket
from simulate.changes.rates import DIRECT, OVERRUN, TIDYING, VENDOR_CHANGES, WRITES
from simulate.house import ROLE
from simulate.parameters import DAY, HOUR, MINUTE
from simulate.scene import EASY, EXPLAINED, HARD

TRIES = 60
#: Away from one's own windows of maintenance: nobody would take it for work under a ticket.
APART = 12 * HOUR


def run(j: Journal) -> None:
    windows(j)
    vendors(j)
    nightly(j)
    tidying(j)
    wrongs(j)


def say(
    j: Journal, t: int, who: int, text: str, form: str, *, account: int = -1, count: int = 1, case: int = -1, ticket: int = -1
) -> None:  # fmt: skip
    """One statement with invented numbers in it."""
    day = j.p.first_day.fromordinal(j.p.first_day.toordinal() + t // DAY - int(j.rng.integers(0, 20)))
    patient = f"P{j.one(np.flatnonzero(~j.people.honey)) + 1:07d}"
    filled = text.format(p=patient, n=int(j.rng.integers(100_000, 999_999)), d=day)
    if 60 <= t < j.last - 60:
        account = account if account >= 0 else who
        j.statements.append(
            Statement(t=t, actor=who, account=account, text=filled, form=form, count=count, case=case, ticket=ticket)
        )


def spread(j: Journal, start: int, end: int, n: int) -> list[int]:
    return sorted(int(x) for x in j.rng.integers(start, max(end, start + 1), n))


def pick(j: Journal, pool: Sequence[str]) -> str:
    return pool[int(j.rng.integers(0, len(pool)))]


def windows(j: Journal) -> None:
    """In some windows of maintenance their administrators and vendors mend data by hand; one in ten takes longer than asked."""
    work, h = j.work, j.h
    able = np.isin(h.s_role, [ROLE["it"], ROLE["vendor"]])
    for k in np.flatnonzero((work.k_kind == "maintenance") & (work.k_account < len(h.s_role))).tolist():
        who = int(work.k_account[k])
        if not able[who] or j.rng.random() >= WRITES:
            continue
        start, end = int(work.k_start[k]), int(work.k_end[k])
        for t in spread(j, start + 5 * MINUTE, end - 5 * MINUTE, int(j.rng.integers(1, 6))):
            say(j, t, who, pick(j, said.MENDING), "maintenance", count=int(j.rng.integers(1, 60)), ticket=k)
        if j.rng.random() < OVERRUN:
            t = end + int(j.rng.integers(2 * MINUTE, 15 * MINUTE))
            say(j, t, who, pick(j, said.MENDING), "overrun", count=int(j.rng.integers(1, 60)), ticket=k)


def vendors(j: Journal) -> None:
    """A vendor carries out a change that the hospital approved, at the hour agreed on."""
    able = j.crew(roles=(ROLE["vendor"],))
    office = j.crew(roles=(ROLE["administrator"],))
    for _ in range(j.many(VENDOR_CHANGES) if len(able) and len(office) else 0):
        who = j.one(able)
        start = int(j.rng.integers(0, j.p.days)) * DAY + int(j.rng.choice([13, 18, 21])) * HOUR
        end = start + int(j.rng.integers(2, 5)) * HOUR
        k = j.ticket(Ticket(account=who, scope="供应商数据修正变更", start=start, end=end, by=j.one(office)))
        for t in spread(j, start + 5 * MINUTE, end - 5 * MINUTE, int(j.rng.integers(2, 9))):
            say(j, t, who, pick(j, said.MENDING), "vendor_change", count=int(j.rng.integers(1, 200)), ticket=k)


def nightly(j: Journal) -> None:
    """Batch jobs under service accounts."""
    for day in range(j.p.days):
        for name, hour, text in said.NIGHTLY:
            t = day * DAY + int(hour * HOUR) + int(j.rng.integers(0, 60))
            say(j, t, -1, text, "batch_job", account=j.h.account(name), count=int(j.rng.integers(20, 600)))


def tidying(j: Journal) -> None:
    """Administrators clear what is no record, without asking anybody."""
    able = j.crew(roles=(ROLE["it"],))
    for _ in range(j.many(TIDYING) if len(able) else 0):
        who = j.one(able)
        if (t := j.at_work(who, 0, j.last)) >= 0:
            say(j, t, who, pick(j, said.TIDYING), "tidying", count=int(j.rng.integers(0, 4000)))


def wrongs(j: Journal) -> None:
    """As many cases as the setting has, of every form in turn."""
    for forms in j.in_turn(DIRECT[j.p.setting], list(EASY_FORMS), list(HARD_FORMS)):
        for form in forms:
            if (EASY_FORMS | HARD_FORMS)[form](j, form):
                break


def _covered(j: Journal, who: int, t: int, apart: int) -> bool:
    """Is the moment within one of the person's windows of maintenance, or so close to it?"""
    work = j.work
    mine = (work.k_account == who) & (work.k_kind == "maintenance")
    spans = [(int(a), int(b)) for a, b in zip(work.k_start[mine], work.k_end[mine], strict=True)]
    spans += [(x.start, x.end) for x in j.tickets if x.account == who]
    return any(a - apart < t < b + apart for a, b in spans)


def _free(j: Journal, roles: tuple[str, ...]) -> tuple[int, int] | None:
    """A person with a login of their own, and a moment far from their windows."""
    able = j.crew(roles=tuple(ROLE[r] for r in roles))
    for _ in range(TRIES if len(able) else 0):
        who = j.one(able)
        t = j.at_times(who, 0, j.last - 2 * HOUR)
        if t >= 0 and not _covered(j, who, t, APART):
            return who, t
    return None


def _plain(j: Journal, form: str) -> bool:
    """Nothing hidden: a record, a result, a charge, or very many of them."""
    found = _free(j, ("it", "pharmacist") if form in ("charge", "mass") else ("it",))
    if found is None:
        return False
    who, t = found
    pool = {"document": said.DOCUMENT, "result": said.RESULT, "charge": said.FEE, "mass": said.MASS}[form]
    case = j.open_case(DIRECT_CHANGE, EASY, who)
    for step in range(1 if form == "mass" else int(j.rng.integers(1, 4))):
        count = int(j.rng.integers(300, 9000)) if form == "mass" else 1
        say(j, t + step * int(j.rng.integers(40, 400)), who, pick(j, pool), form, count=count, case=case)
    return True


def _disguised(j: Journal, form: str) -> bool:
    found = _free(j, ("it",))
    if found is None:
        return False
    who, t = found
    case = j.open_case(DIRECT_CHANGE, HARD, who)
    texts = said.TRACE if form == "trace" else (pick(j, said.DISGUISED),)
    for step, text in enumerate(texts):
        say(j, t + step * int(j.rng.integers(40, 400)), who, text, form, case=case)
    return True


def _other_ticket(j: Journal, form: str) -> bool:
    """Under a ticket, but one for statistics: it allows no change."""
    work = j.work
    kinds = (work.k_kind == "statistics") & (work.k_account < len(j.h.s_role))
    for k in j.rng.permutation(np.flatnonzero(kinds)).tolist():
        who, t = int(work.k_account[k]), int(work.k_start[k]) + int(j.rng.integers(HOUR, 8 * HOUR))
        if 0 <= t < j.last - HOUR and not _covered(j, who, t, APART):
            case = j.open_case(DIRECT_CHANGE, HARD, who)
            say(j, t, who, pick(j, said.FEE + said.MASS), form, count=int(j.rng.integers(1, 40)), case=case)
            return True
    return False


def _after_window(j: Journal, form: str) -> bool:
    """The window is over for half an hour or three hours, the session is still open."""
    work = j.work
    able = np.isin(j.h.s_role, [ROLE["it"], ROLE["vendor"]])
    mine = (work.k_kind == "maintenance") & (work.k_account < len(able))
    for k in j.rng.permutation(np.flatnonzero(mine)).tolist():
        who, t = int(work.k_account[k]), int(work.k_end[k]) + int(j.rng.integers(30 * MINUTE, 3 * HOUR))
        if able[who] and 0 <= t < j.last - HOUR and not _covered(j, who, t, 20 * MINUTE):
            case = j.open_case(DIRECT_CHANGE, HARD, who)
            say(j, t, who, pick(j, said.DOCUMENT + said.RESULT), form, case=case)
            return True
    return False


def _in_window(j: Journal, form: str) -> bool:
    """In the window of a ticket that was given for something else: no table says what it was for."""
    work = j.work
    able = np.isin(j.h.s_role, [ROLE["it"], ROLE["vendor"]])
    mine = (work.k_kind == "maintenance") & (work.k_account < len(able))
    for k in j.rng.permutation(np.flatnonzero(mine)).tolist():
        who = int(work.k_account[k])
        if able[who] and work.k_start[k] >= 0 and work.k_end[k] < j.last:
            t = spread(j, int(work.k_start[k]) + 5 * MINUTE, int(work.k_end[k]) - 5 * MINUTE, 1)[0]
            case = j.open_case(DIRECT_CHANGE, EXPLAINED, who)
            say(j, t, who, pick(j, said.DOCUMENT), form, case=case, ticket=k)
            return True
    return False


Form = Callable[[Journal, str], bool]
EASY_FORMS: dict[str, Form] = dict.fromkeys(("document", "result", "charge", "mass"), _plain)
HARD_FORMS: dict[str, Form] = {
    "disguised": _disguised, "trace": _disguised, "other_ticket": _other_ticket, "after_window": _after_window,
    "in_window": _in_window,
}  # fmt: skip
