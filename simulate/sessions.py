# SPDX-License-Identifier: Apache-2.0
"""From openings to log lines: under which account, on which workstation, how many lines, with searches, logins and logouts."""

from __future__ import annotations

import numpy as np

from simulate.draw import Array, Groups, Ints, repeat, stable
from simulate.house import GROUP, ROLE, House
from simulate.openings import (
    CREATE,
    DBA,
    EMR,
    HIS,
    LIS,
    LOGIN,
    LOGOUT,
    PACS,
    PRINT,
    READ,
    REASON,
    SEARCH,
    UPDATE,
    Openings,
)
from simulate.parameters import DAY, HOUR, Parameters
from simulate.people import People
from simulate.roster import NORMAL, Roster
from simulate.seats import SEATS, SESSION_HOURS, take_seats

#: Seconds by which each system's clock is wrong.
CLOCKS = np.array([0, -95, 40, 210, 0])
PREFIX = ("E", "H", "L", "X", "D")
RESOURCES: dict[int, tuple[str, ...]] = {
    EMR: ("Encounter", "Observation", "DocumentReference", "MedicationRequest", "DiagnosticReport", "Condition"),
    HIS: ("门诊登记", "住院登记", "费用清单", "处方", "患者主索引"),
    LIS: ("检验报告", "检验申请"),
    PACS: ("ImagingStudy", "影像报告"),
    DBA: ("SQL",),
}
OUTCOMES = ("success", "denied", "failure")
PURPOSES = ("", "treatment", "payment", "operations", "research")
SEARCH_SHARE = 0.10


def accounts(c: dict[str, Array], p: Parameters, h: House, roster: Roster) -> None:
    """Give each opening its account: the own one, the department's, or a colleague's open session. Changes `c`."""
    open_ = (c["account"] < 0) & (c["actor"] >= 0)
    people = (c["actor"] >= 0) & (c["patient"] >= 0)
    free = open_ & ~c["own"]
    c["account"][open_] = c["actor"][open_]
    rows = np.flatnonzero(free)
    if not len(rows):
        return
    dept, t, actor = c["dept"][rows], c["t"][rows], c["actor"][rows]
    weight = c["events"][rows]
    share = p.shared * float(c["events"][people].sum()) / float(weight.sum())
    block = t // (4 * HOUR)
    u = stable(actor, dept, block, p.seed + 71)
    limit = np.where(np.isin(dept, h.of("REGI")), 0.35, 1.0) * min(share * 1.15, 0.9)
    away = u < limit
    unit = h.shared_of[dept]
    # One in six sits down at a colleague's open session, the others use the account of the unit.
    lend = stable(actor, block, 72) < 1 / 6
    group = GROUP[h.s_role[actor]]
    owner = np.full(len(rows), -1)
    for g in range(3):
        mask = group == g
        shift = roster.on_duty(dept[mask], t[mask], g, stable(actor[mask], block[mask], 73))
        # Who covers without a row lends nothing either: nothing would tell why that account is on the ward.
        owner[mask] = np.where((shift >= 0) & (roster.kind[shift] == NORMAL), roster.staff[shift], -1)
    # A vendor or a person of another role lends nothing.
    owner = np.where((owner >= 0) & (h.s_role[owner] == h.s_role[actor]) & (owner != actor), owner, -1)
    account = np.where(away & lend & (owner >= 0), owner, np.where(away & ~lend & (unit >= 0), unit, actor))
    c["account"][rows] = account


def expand(
    c: dict[str, Array],
    people: People,
    h: House,
    o: Openings,
    p: Parameters,
    rng: np.random.Generator,
    *,
    seated: bool = False,
) -> dict[str, Array]:
    """Log lines in the order of time, with columns of numbers; strings come when they are written.

    `seated`: people on one ward sit at different workstations as long as there are enough of them.
    """
    n = len(c["t"])
    lines = 1 + rng.poisson(np.maximum(c["events"] - 1, 0))
    of = repeat(lines)
    first = np.r_[True, of[1:] != of[:-1]]
    gap = rng.gamma(1.5, 14, len(of)).astype(np.int64) + 2
    gap[first] = 0
    total = np.cumsum(gap)
    t = c["t"][of] + total - total[first][of]
    action = np.where(
        first, c["action"][of], np.where(np.isin(c["action"][of], [CREATE, UPDATE]), READ, c["action"][of])
    )
    action = np.where((action == READ) & (rng.random(len(of)) < 0.012), PRINT, action)
    ev: dict[str, Array] = {"opening": of, "t": t, "action": action}
    # A search before some openings.
    wants = (c["actor"] >= 0) & (c["patient"] >= 0) & (c["system"] != DBA) & (c["action"] != SEARCH)
    s = np.flatnonzero(wants & (rng.random(n) < SEARCH_SHARE))
    ev = {
        "opening": np.r_[of, s],
        "t": np.r_[t, c["t"][s] - rng.integers(5, 25, len(s))],
        "action": np.r_[action, np.full(len(s), SEARCH)],
    }
    of = ev["opening"]
    for name in (
        "actor",
        "account",
        "patient",
        "dept",
        "system",
        "breakglass",
        "remote",
        "count",
        "duration",
        "text",
        "case",
        "reason",
    ):
        ev[name] = c[name][of].copy()
    ev["documented"], ev["station"] = c["documented"][of].copy(), c["station"][of].copy()
    found = ev["action"] == SEARCH
    added = np.arange(len(of)) >= len(of) - len(s)
    base = len(o.texts)
    o.texts.extend(_search_texts(people, ev["patient"][added], ev["system"][added], rng))
    ev["text"][added] = base + np.arange(len(s))
    ev["count"] = np.where(added, rng.integers(1, 12, len(of)), ev["count"])
    ev["patient"] = np.where(found, -1, ev["patient"])
    ev["breakglass"] = ev["breakglass"] & ~found
    long = np.isin(ev["system"], [EMR, PACS]) & np.isin(ev["action"], [READ, UPDATE, CREATE, PRINT])
    ev["duration"] = np.where(
        ev["duration"] >= 0,
        ev["duration"],
        np.where(long, np.clip(rng.lognormal(3.8, 0.7, len(of)), 9, 1800).astype(np.int64), -1),
    )
    bad = rng.random(len(of))
    failed = c["failed"][of] & ~found
    ev["outcome"] = np.select([failed, bad < 0.004, bad < 0.005], [1, 1, 2], 0)
    # What was left undone was not read either, but nobody is blamed for a refusal.
    role = np.where(ev["actor"] >= 0, h.s_role[ev["actor"]], -1)
    purpose = np.select(
        [np.isin(role, [0, 1, 2]), role == ROLE["biller"], ev["reason"] == REASON["consent"]], [1, 2, 4], 3
    )  # fmt: skip
    ev["purpose"] = np.where(
        (rng.random(len(of)) < 0.3) & ~found & (ev["actor"] >= 0) & (ev["system"] == EMR), purpose, 0
    )
    ev["resource"] = np.where(found, 0, rng.integers(0, 60, len(of)))
    keep = (ev["t"] >= 60) & (ev["t"] < p.days * DAY - 60)
    ev = {k: v[keep] for k, v in ev.items()}
    if seated:
        take_seats(ev, h, p.seed)
    return _sessions(ev, h, p, rng)


def _search_texts(people: People, patient: Ints, system: Ints, rng: np.random.Generator) -> list[str]:
    """A name, or a number where the system is the HIS."""
    number = (system == HIS) & (rng.random(len(patient)) < 0.5)
    names = people.name[patient]
    return [
        f"P{x + 1:07d}" if num else name for x, num, name in zip(patient.tolist(), number.tolist(), names, strict=True)
    ]


def _sessions(ev: dict[str, Array], h: House, p: Parameters, rng: np.random.Generator) -> dict[str, Array]:
    actor = np.where(ev["actor"] >= 0, ev["actor"], 1_000_000 + ev["account"])
    block = ev["t"] // (SESSION_HOURS * HOUR)
    ev["station"] = np.where(
        ev["station"] >= 0, ev["station"], (stable(actor, block, ev["dept"], 75) * 6).astype(np.int64)
    )
    key = ((ev["account"] * 4096 + ev["dept"]) * SEATS + ev["station"]) * 2 + ev["remote"]
    key = (key * 8 + ev["system"]) * 4096 + block
    _, session = np.unique(key, return_inverse=True)
    ev["session"] = session.astype(np.int64)
    order = np.lexsort((ev["t"], session))
    group = Groups(session, int(session.max()) + 1)
    first, last = order[group.first[:-1]], order[group.first[1:] - 1]
    out = last[rng.random(len(last)) < 0.7]
    failed = first[rng.random(len(first)) < 0.02]
    extra = np.r_[first, out, failed]
    what = np.r_[np.full(len(first), LOGIN), np.full(len(out), LOGOUT), np.full(len(failed), LOGIN)]
    when = np.r_[
        ev["t"][first] - rng.integers(15, 55, len(first)),
        ev["t"][out] + rng.integers(60, 800, len(out)),
        ev["t"][failed] - rng.integers(56, 110, len(failed)),
    ]
    outcome = np.r_[np.zeros(len(first) + len(out), int), np.full(len(failed), 2)]
    more = {k: v[extra].copy() for k, v in ev.items()}
    more |= {"t": when, "action": what, "outcome": outcome}
    n = len(extra)
    for name, value in (
        ("patient", -1),
        ("breakglass", False),
        ("duration", -1),
        ("text", -1),
        ("case", -1),
        ("count", 1),
    ):
        more[name] = np.full(n, value, dtype=ev[name].dtype)
    more["purpose"] = np.zeros(n, dtype=np.int64)
    more["reason"] = np.full(n, REASON["none"])
    more["documented"] = np.zeros(n, dtype=bool)
    more["resource"] = np.full(n, -1)
    ev = {k: np.concatenate([v, more[k]]) for k, v in ev.items()}
    ev["t"] = np.clip(ev["t"], 0, p.days * DAY - 1) + CLOCKS[ev["system"]]
    order = np.lexsort((ev["action"], ev["account"], ev["session"], ev["system"], ev["t"]))
    ev = {k: v[order] for k, v in ev.items()}
    number = np.zeros(len(order), dtype=np.int64)
    for system in range(len(PREFIX)):
        mine = ev["system"] == system
        number[mine] = np.arange(1, int(mine.sum()) + 1)
    ev["number"] = number
    return ev
