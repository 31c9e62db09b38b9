# SPDX-License-Identifier: Apache-2.0
"""Misuse of access itself: many records, other people's accounts, statements and exports without a ticket."""

from __future__ import annotations

import numpy as np

from simulate.acts import ACTS as ON_PEOPLE
from simulate.acts import Act, targets_for
from simulate.draw import Ints
from simulate.house import ROLE
from simulate.openings import DBA, EXPORT, HIS, QUERY, READ, SEARCH
from simulate.parameters import DAY, HOUR, MINUTE
from simulate.scene import EASY, HARD, Scene

PLAIN = (
    "SELECT doctor_code, drug_code, SUM(qty) AS total FROM rx_item JOIN rx_head USING (rx_no) WHERE rx_date BETWEEN "
    "'{a}' AND '{b}' GROUP BY doctor_code, drug_code ORDER BY total DESC",
    "select h.dr_name, d.drug_name, sum(i.qty), sum(i.amount) from rx_head h, rx_item i, drug d where h.rx_no=i.rx_no and "
    "i.drug_code=d.drug_code and h.rx_date>='{a}' group by h.dr_name, d.drug_name",
)
DISGUISED = (
    "WITH x AS (SELECT h.prescriber p, i.item_code c, i.qty q FROM rx_head h JOIN rx_item i ON h.rx_no = i.rx_no WHERE "
    "h.rx_date > '{a}') SELECT p, c, SUM(q) OVER (PARTITION BY p, c) FROM x",
    "SELECT/**/h.doctor_code,/**/i.drug_code,/**/count(*)*avg(i.qty)/**/FROM/**/rx_item/**/i/**/JOIN/**/rx_head/**/h/**/ON/**/"
    "h.rx_no=i.rx_no/**/GROUP/**/BY/**/1,2",
    "select dr, dg, n from (select doctor_code dr, drug_code dg, sum(qty) n from v_rx_all where rx_date between '{a}' and "
    "'{b}' group by doctor_code, drug_code) t where n > 50",
    "SELECT i.*, h.doctor_code FROM rx_item i JOIN rx_head h ON h.rx_no=i.rx_no WHERE i.drug_code IN ('D4411','D4412') AND "
    "h.rx_date >= '{a}' -- 核对库存",
)


def _batch(scene: Scene, kind: str, count: int, hard: float) -> None:
    """120 to 400 records within three hours."""
    for _ in range(count):
        staff, n = scene.anybody(), int(scene.rng.integers(120, 401))
        t = scene.moment(staff, 0, scene.last - 4 * HOUR)
        targets, found = _many(scene, t, n, hard)
        span = int(scene.rng.uniform(0.8, 3) * HOUR)
        times = t + np.sort(scene.rng.integers(0, span, len(targets)))
        case = scene.open_case(kind, found, staff)
        scene.look(case, staff, targets, times, events=1.0, system=HIS if scene.rng.random() < 0.4 else 0)


def _many(scene: Scene, t: int, n: int, hard: float) -> tuple[Ints, str]:
    """Records for a thief: of patients just seen anywhere (hard), or of anybody (easy)."""
    care = scene.care
    if scene.rng.random() < hard:
        seen = np.unique(care.e_patient[(care.e_start < t) & (care.e_end > t - 6 * DAY)])
        if len(seen) >= n // 2:
            return scene.rng.permutation(seen)[:n], HARD
    return scene.absent(t, n), EASY


def _slow(scene: Scene, kind: str, count: int, hard: float) -> None:
    """About six strangers a day on up to twenty days."""
    for _ in range(count):
        staff = scene.anybody()
        rows = scene.roster.of_staff.rows(staff)
        rows = rows[(scene.roster.start[rows] >= 0) & (scene.roster.end[rows] < scene.last)]
        days = np.unique(scene.roster.start[rows] // DAY)[:20]
        case = scene.open_case(kind, HARD if scene.rng.random() < hard else EASY, staff)
        for day in days.tolist():
            n = int(scene.rng.integers(4, 9))
            shift = rows[scene.roster.start[rows] // DAY == day][0]
            t = scene.roster.moment(np.full(n, shift), scene.rng.random(n))
            targets, _ = _many(scene, int(t[0]), n, 1.0 if scene.cases[case].difficulty == HARD else 0.0)
            scene.look(case, staff, targets[:n], t[: len(targets)], events=1.2)


def _leaver(scene: Scene, kind: str, count: int, hard: float) -> None:
    gone = np.flatnonzero(scene.h.s_to < scene.p.days - 2)
    for staff in scene.rng.permutation(gone)[:count].tolist():
        first = max(0, int(scene.h.s_to[staff]) + 1)
        t = int(scene.rng.integers(first * DAY + 9 * HOUR, max(first * DAY + 10 * HOUR, scene.last - 2 * HOUR)))
        _strangers(
            scene, kind, int(staff), t, int(scene.rng.integers(2, 16)), hard, remote=bool(scene.rng.random() < 0.5)
        )


def _dormant(scene: Scene, kind: str, count: int, hard: float) -> None:
    """An account of the administration that nobody used: what its owner did is taken back."""
    kinds = np.array([k == "administrative" for k in scene.h.d_kind])
    quiet = scene.staff[kinds[scene.h.s_dept[scene.staff]] & (scene.h.s_role[scene.staff] != ROLE["registrar"])]
    busy = np.array([len(scene.by_actor.rows(int(s) + 1)) for s in quiet])
    for staff in quiet[np.argsort(busy, kind="stable")][:count].tolist():
        t = scene.moment(int(staff), scene.last // 2, scene.last - 2 * HOUR)
        keep = scene.base["actor"] != staff
        for name in scene.base:
            scene.base[name] = scene.base[name][keep]
        _strangers(scene, kind, int(staff), t, int(scene.rng.integers(2, 16)), hard)


def _vendor(scene: Scene, kind: str, count: int, hard: float) -> None:
    """A vendor's account outside every maintenance window."""
    vendors = np.flatnonzero(scene.h.s_role == ROLE["vendor"])
    work = scene.work
    for _ in range(count):
        staff = scene.someone(vendors)
        mine = np.flatnonzero(work.k_account == staff)
        for _ in range(40):
            t = int(scene.rng.integers(0, scene.last - 3 * HOUR))
            if not ((work.k_start[mine] - 6 * HOUR < t) & (t < work.k_end[mine] + 6 * HOUR)).any():
                break
        _strangers(scene, kind, staff, t, int(scene.rng.integers(3, 25)), hard, remote=True, system=HIS)


def _strangers(scene: Scene, kind: str, staff: int, t: int, n: int, hard: float, **more: object) -> None:
    targets, found = targets_for(scene, staff, t, n, hard)
    times = np.minimum(t + np.cumsum(scene.rng.integers(1, 9, len(targets))) * MINUTE, scene.last - 1)
    case = scene.open_case(kind, found, staff)
    scene.look(case, staff, targets, times, **more)


def _borrowed(scene: Scene, kind: str, count: int, hard: float) -> None:
    """Somebody else's account at the other site, minutes after its owner was at work."""
    h, base = scene.h, scene.base
    for _ in range(count):
        for _ in range(60):
            owner = scene.anybody()
            rows = scene.by_actor.rows(owner + 1)
            rows = rows[rows < len(base["t"])]
            rows = rows[(base["actor"][rows] == owner) & (base["patient"][rows] >= 0)]
            if len(rows):
                break
        else:
            continue
        row = scene.someone(rows)
        base["own"][row] = True
        site = h.d_site[int(base["dept"][row])]
        away = np.array([d for d in h.clinical if h.d_site[d] != site])
        dept = scene.someone(away)
        thieves = scene.staff[(h.s_dept_end[scene.staff] == dept) & (scene.staff != owner)]
        thief = scene.someone(thieves) if len(thieves) else scene.anybody()
        t = int(base["t"][row]) + int(scene.rng.integers(2, 9)) * MINUTE
        targets, found = targets_for(scene, owner, t, int(scene.rng.integers(2, 9)), hard)
        times = np.minimum(t + np.arange(len(targets)) * 2 * MINUTE, scene.last - 1)
        case = scene.open_case(kind, found, thief)
        scene.look(case, thief, targets, times, account=owner, dept=dept)


def _enumeration(scene: Scene, kind: str, count: int, hard: float) -> None:
    """Numbers in order, by search and by opening; some do not exist, some are refused."""
    for _ in range(count):
        staff, n = scene.anybody(), int(scene.rng.integers(20, 61))
        t = scene.moment(staff, 0, scene.last - 2 * HOUR)
        first = int(scene.rng.integers(0, len(scene.people) - n - 1))
        numbers = np.setdiff1d(np.arange(first, first + n), np.flatnonzero(scene.people.honey))
        times = t + np.cumsum(scene.rng.integers(8, 70, len(numbers)))
        case = scene.open_case(kind, EASY, staff)
        texts = np.array([scene.u.out.say(f"P{int(x) + 1:07d}") for x in numbers])
        scene.look(case, staff, -1, times - 5, action=SEARCH, text=texts, events=1.0, system=HIS, count=1)
        some = scene.rng.random(len(numbers)) < 0.75
        refused = scene.rng.random(int(some.sum())) < 0.25
        scene.look(case, staff, numbers[some], times[some], action=READ, events=1.0, system=HIS, failed=refused)


def _statistics(scene: Scene, kind: str, count: int, hard: float) -> None:
    """What each doctor prescribed of each drug, for whoever pays for it."""
    able = scene.staff[np.isin(scene.h.s_role[scene.staff], [ROLE["pharmacist"], ROLE["it"]])]
    work = scene.work
    for _ in range(count):
        staff = scene.someone(able)
        mine = np.flatnonzero(work.k_account == staff)
        for _ in range(40):
            t = scene.moment(staff, 0, scene.last - 2 * HOUR)
            if not ((work.k_start[mine] - DAY < t) & (t < work.k_end[mine] + DAY)).any():
                break
        found = HARD if scene.rng.random() < hard else EASY
        pool = DISGUISED if found == HARD else PLAIN
        n = int(scene.rng.integers(2, 6))
        first = scene.p.first_day.fromordinal(scene.p.first_day.toordinal() + t // DAY - 31)
        last = scene.p.first_day.fromordinal(scene.p.first_day.toordinal() + t // DAY)
        texts = [scene.u.out.say(pool[int(scene.rng.integers(0, len(pool)))].format(a=first, b=last)) for _ in range(n)]
        case = scene.open_case(kind, found, staff)
        times = t + np.arange(n) * int(scene.rng.integers(2, 9)) * MINUTE
        scene.look(
            case,
            staff,
            -1,
            times,
            system=DBA,
            action=QUERY,
            text=np.array(texts),
            events=1.0,
            count=scene.rng.integers(200, 5000, n),
        )


def _export(scene: Scene, kind: str, count: int, hard: float) -> None:
    for _ in range(count):
        staff = scene.anybody()
        t = scene.moment(staff, 0, scene.last - 2 * HOUR)
        n = int(scene.rng.integers(1, 4))
        case = scene.open_case(kind, EASY, staff)
        scene.look(
            case, staff, -1, t + np.arange(n) * 7 * MINUTE, action=EXPORT, events=1.0, system=HIS,
            count=scene.rng.integers(300, 6000, n),
        )  # fmt: skip


ACTS: dict[str, Act] = ON_PEOPLE | {
    "batch": _batch, "slow": _slow, "leaver": _leaver, "dormant": _dormant, "vendor": _vendor, "borrowed": _borrowed,
    "enumeration": _enumeration, "statistics": _statistics, "export": _export,
}  # fmt: skip
