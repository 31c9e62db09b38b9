# SPDX-License-Identifier: Apache-2.0
"""Service accounts at their hours, and the statements that a pharmacy runs with permission."""

from __future__ import annotations

import numpy as np

from simulate.openings import DBA, EMR, HIS, LIS, QUERY, REASON, TABLE
from simulate.parameters import DAY, HOUR, MINUTE
from simulate.usual import Usual

STOCK = (
    "SELECT drug_code, drug_name, SUM(qty) AS qty FROM pharm_dispense WHERE disp_date BETWEEN DATE '{a}' AND DATE '{b}' "
    "GROUP BY drug_code, drug_name ORDER BY qty DESC",
    "SELECT ward_code, drug_code, SUM(qty*price) FROM pharm_dispense WHERE disp_date >= DATE '{a}' "
    "GROUP BY ward_code, drug_code",
    "select d.drug_class, count(distinct p.rx_no) rx from rx_head p join rx_item i on p.rx_no=i.rx_no join drug d on "
    "i.drug_code=d.drug_code where p.rx_date>='{a}' and p.rx_date<'{b}' group by d.drug_class",
    "SELECT doctor_code, drug_code, SUM(qty) FROM rx_item JOIN rx_head USING (rx_no) WHERE rx_date BETWEEN '{a}' AND '{b}' "
    "AND drug_class='抗菌药物' GROUP BY doctor_code, drug_code",
)
LOOKUPS = (
    "SELECT stock_qty FROM pharm_stock WHERE drug_code='{c}'",
    "SELECT rx_no, status FROM rx_head WHERE rx_no='{c}'",
    "select bed_no, status from bed where ward_code='{w}'",
    "SELECT COUNT(*) FROM reg_visit WHERE visit_date = DATE '{a}'",
)


def run_machines(u: Usual) -> None:
    """Nightly reads by service accounts, and statements in the database audit."""
    h, care, work, people, rng = u.h, u.care, u.work, u.people, u.rng
    info = int(h.of("INFO")[0])

    def service(name: str, hour: float, day: int, patients: np.ndarray, system: int, ticket: str | None) -> None:
        patients = np.unique(patients)
        start = int(day * DAY + hour * HOUR + rng.integers(0, 90))
        row = int(np.flatnonzero(work.k_account == h.account(name))[0]) if ticket else -1
        u.out.add(
            t=start + np.arange(len(patients)) * 2 % (50 * MINUTE), account=h.account(name), patient=patients, dept=info,
            reason=REASON["service"], table=TABLE["tickets"] if ticket else 0, row=row, documented=bool(ticket), system=system,
            own=True, events=1.0,
        )  # fmt: skip

    regular = np.flatnonzero(people.died > -400)
    for day in range(u.p.days):
        a = day * DAY
        lab = (work.o_kind == 0) & (work.o_time >= a - DAY) & (work.o_time < a)
        service("svc-lis", 2.0, day, work.o_patient[lab], LIS, None)
        ended = (care.e_end >= a) & (care.e_end < a + 23 * HOUR) & (care.e_start > -5 * DAY)
        service("svc-upload", 23.2, day, care.e_patient[ended], HIS, "export")
        picked = np.r_[rng.choice(regular, min(120, len(regular)), replace=False), np.flatnonzero(people.honey)]
        service("svc-index", 3.5, day, picked, EMR, None)
    _statements(u)


def _statements(u: Usual) -> None:
    h, work, rng, p = u.h, u.work, u.rng, u.p
    statements = [k for k in np.flatnonzero(work.k_kind == "statistics").tolist() if work.k_account[k] < len(h.s_role)]
    for k in statements:
        n = int(rng.integers(2, 6))
        t = np.sort(rng.integers(work.k_start[k] + 600, work.k_end[k] - 600, n))
        text = [u.out.say(_fill(STOCK[int(rng.integers(0, len(STOCK)))], u)) for _ in range(n)]
        who = int(work.k_account[k])
        u.out.add(
            t=t, actor=who, dept=int(h.s_dept[who]), reason=REASON["ticket"], table=TABLE["tickets"], row=k, documented=True,
            system=DBA, action=QUERY, text=np.array(text), events=1.0, own=True, count=rng.integers(20, 400, n),
        )  # fmt: skip
    # Everyday look-ups of one drug, one prescription, one ward: no statistics, no ticket.
    able = np.flatnonzero(np.isin(h.s_dept[u.roster.staff], np.r_[h.of("PHAR"), h.of("INFO")]) & (u.roster.start >= 0))
    n = round(p.staff * p.days * 0.06)
    if len(able):
        shift = able[rng.integers(0, len(able), n)]
        t = u.roster.moment(shift, rng.random(n))
        ok = t < u.last
        asked = np.array([u.out.say(_fill(LOOKUPS[int(i)], u)) for i in rng.integers(0, len(LOOKUPS), int(ok.sum()))])
        actor = u.roster.staff[shift[ok]]
        u.out.add(
            t=t[ok], actor=actor, dept=h.dept_on(actor, t[ok] // DAY), reason=REASON["none"], system=DBA, action=QUERY,
            text=asked, events=1.0, own=True, count=rng.integers(1, 30, int(ok.sum())),
        )  # fmt: skip


def _fill(text: str, u: Usual) -> str:
    a = int(u.rng.integers(-60, u.p.days))
    first = u.p.first_day.toordinal()
    day = type(u.p.first_day).fromordinal
    code = f"D{int(u.rng.integers(1000, 9999))}"
    ward = u.h.d_code[int(u.rng.integers(0, len(u.h.clinical)))]
    return text.format(a=day(first + a), b=day(first + a + 30), c=code, w=ward)
