# SPDX-License-Identifier: Apache-2.0
"""Departments, staff and accounts of the simulated hospital."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulate.draw import Array, Bools, Ints
from simulate.parameters import Parameters

ROLES = [
    "physician", "nurse", "therapist", "technician", "pharmacist", "registrar", "coder", "biller",
    "researcher", "it", "device_engineer", "administrator", "student", "vendor",
]  # fmt: skip
ROLE = {name: i for i, name in enumerate(ROLES)}
#: Who can stand in for whom on a roster: 0 nurses, 1 physicians and students, 2 everybody else.
GROUP = np.array([1, 0] + [2] * 10 + [1, 2])

#: Specialties in the order in which a growing hospital opens them: code, name, share of admissions, of outpatients.
SPECIALTIES = (
    ("EMER", "急诊科", 0.0, 0.0),
    ("ICU", "重症医学科", 0.05, 0.0),
    ("CARD", "心血管内科", 1.2, 1.2),
    ("SURG", "普通外科", 1.3, 0.8),
    ("OBST", "产科", 0.9, 0.8),
    ("PEDI", "儿科", 0.8, 1.2),
    ("NEON", "新生儿科", 0.0, 0.0),
    ("NEUR", "神经内科", 1.1, 0.9),
    ("RESP", "呼吸内科", 1.1, 1.0),
    ("ORTH", "骨科", 1.1, 0.9),
    ("PSYC", "精神科", 0.5, 0.6),
    ("INFE", "感染科", 0.5, 0.4),
    ("GYNE", "妇科", 0.7, 1.0),
    ("ONCO", "肿瘤科", 1.0, 0.6),
    ("GAST", "消化内科", 1.0, 1.0),
    ("ENDC", "内分泌科", 0.7, 1.0),
    ("NEPH", "肾内科", 0.7, 0.6),
    ("UROL", "泌尿外科", 0.8, 0.7),
)
#: Departments without beds: code, name, kind, ((role, share of all staff), ...).
SERVICES: tuple[tuple[str, str, str, tuple[tuple[str, float], ...]], ...] = (
    ("LABO", "检验科", "diagnostic", (("technician", 0.042),)),
    ("RADI", "放射科", "diagnostic", (("technician", 0.018), ("physician", 0.018))),
    ("ULTR", "超声科", "diagnostic", (("technician", 0.006), ("physician", 0.012))),
    ("PATH", "病理科", "diagnostic", (("technician", 0.007), ("physician", 0.007))),
    ("ENDS", "内镜中心", "diagnostic", (("technician", 0.008),)),
    ("PHAR", "药学部", "support", (("pharmacist", 0.042),)),
    ("REHA", "康复医学科", "support", (("therapist", 0.025),)),
    ("REGI", "门诊挂号处", "administrative", (("registrar", 0.04),)),
    ("RECO", "病案室", "administrative", (("coder", 0.017),)),
    ("BILL", "医保财务科", "administrative", (("biller", 0.017),)),
    ("QUAL", "质量管理科", "administrative", (("administrator", 0.01),)),
    ("INFC", "院感科", "administrative", (("administrator", 0.007),)),
    ("INFO", "信息科", "administrative", (("it", 0.017), ("vendor", 0.007))),
    ("DEVI", "设备科", "administrative", (("device_engineer", 0.008), ("vendor", 0.004))),
    ("MEDA", "医务处", "administrative", (("administrator", 0.01),)),
    ("RESE", "科研处", "administrative", (("researcher", 0.014),)),
    ("NURS", "护理部", "administrative", (("nurse", 0.024),)),
)


@dataclass
class House:
    """Departments (columns `d_*`), staff (`s_*`) and accounts (`a_*`), all addressed by row number."""

    d_code: list[str]
    d_name: list[str]
    d_kind: list[str]
    d_site: list[str]
    d_special: list[str]
    s_role: Ints
    s_dept: Ints
    #: Department on the last day: differs for residents who rotate.
    s_dept_end: Ints
    #: The day (from the first) on which the department changes; a large number where it never does.
    s_rotates: Ints
    s_senior: Bools
    s_manager: Ints
    #: First and last working day, counted from the first day; `s_to` is a large number where there is no end.
    s_from: Ints
    s_to: Ints
    history_missing: Bools
    a_name: list[str] = field(default_factory=list)
    a_staff: list[int] = field(default_factory=list)
    a_kind: list[str] = field(default_factory=list)
    a_dept: list[int] = field(default_factory=list)
    #: The shared account of each department, -1 where it has none.
    shared_of: Array = field(default_factory=lambda: np.zeros(0, np.int64))

    NEVER = 1_000_000

    @property
    def clinical(self) -> Ints:
        return np.array([i for i, k in enumerate(self.d_kind) if k == "clinical"], dtype=np.int64)

    @property
    def d_east(self) -> Bools:
        """Departments that lie at the other site."""
        return np.array([site == "east" for site in self.d_site])

    def of(self, special: str) -> Ints:
        """Departments of a specialty or service, by its code."""
        return np.array([i for i, s in enumerate(self.d_special) if s == special], dtype=np.int64)

    def dept_on(self, staff: Array, day: Array | int) -> Ints:
        """The home department of each person on each day."""
        return np.where(np.asarray(day) >= self.s_rotates[staff], self.s_dept_end[staff], self.s_dept[staff])

    def account(self, name: str) -> int:
        return self.a_name.index(name)


def make_house(p: Parameters, rng: np.random.Generator) -> House:
    wards = max(7, round(p.staff / 21))
    code, name, kind, special = [], [], [], []
    for i in range(wards):
        short, long, _, _ = SPECIALTIES[i % len(SPECIALTIES)]
        nth = i // len(SPECIALTIES) + 1
        code.append(short if nth == 1 else f"{short}{nth}")
        name.append(long if nth == 1 else f"{long}{nth}病区")
        kind.append("clinical")
        special.append(short)
    for short, long, what, _ in SERVICES:
        code.append(short)
        name.append(long)
        kind.append(what)
        special.append(short)
    site = ["east" if i in (8, 9, 10, 11) or (k == "clinical" and i % 5 == 3) else "main" for i, k in enumerate(kind)]
    role, dept, senior = _posts(p, wards)
    n = len(role)
    h = House(
        d_code=code, d_name=name, d_kind=kind, d_site=site, d_special=special,
        s_role=role, s_dept=dept, s_dept_end=dept.copy(), s_rotates=np.full(n, House.NEVER), s_senior=senior,
        s_manager=np.full(n, -1), s_from=-rng.integers(60, 9000, n), s_to=np.full(n, House.NEVER),
        history_missing=rng.random(n) < 0.1,
    )  # fmt: skip
    _managers(h)
    _changes(h, p, rng)
    _accounts(h, rng)
    return h


def _posts(p: Parameters, wards: int) -> tuple[Ints, Ints, Bools]:
    """Role, department and seniority of each post; exactly `p.staff` of them."""
    posts: list[tuple[int, int]] = []
    for i, (_, _, _, people) in enumerate(SERVICES):
        for role, share in people:
            posts += [(ROLE[role], wards + i)] * max(2 if role != "vendor" else 1, round(share * p.staff))
    left = p.staff - len(posts)
    if left < wards * 2:
        posts, left = posts[: p.staff - wards * 2], wards * 2
    each = [left // wards + (i < left % wards) for i in range(wards)]
    for ward, size in enumerate(each):
        nurses = max(1, round(size * 0.58))
        students = round(size * 0.05) + (size > 12 and ward % 3 == 0)
        physicians = max(1, size - nurses - students)
        nurses = size - physicians - students
        posts += [(ROLE["physician"], ward)] * physicians
        posts += [(ROLE["nurse"], ward)] * nurses + [(ROLE["student"], ward)] * students
    roles = np.array([r for r, _ in posts], dtype=np.int64)
    dept = np.array([d for _, d in posts], dtype=np.int64)
    place = np.zeros(len(posts), dtype=np.int64)
    seen: dict[tuple[int, int], int] = {}
    for i, post in enumerate(posts):
        place[i] = seen.get(post, 0)
        seen[post] = place[i] + 1
    return roles, dept, place % 5 < 2


def _managers(h: House) -> None:
    for d in range(len(h.d_code)):
        here = np.flatnonzero(h.s_dept == d)
        doctors = here[h.s_role[here] == ROLE["physician"]]
        head = doctors[0] if len(doctors) else (here[0] if len(here) else -1)
        h.s_manager[here] = head
        nurses = here[h.s_role[here] == ROLE["nurse"]]
        if len(nurses):
            h.s_manager[nurses] = nurses[0]
            h.s_manager[nurses[0]] = head
        if head >= 0:
            office = np.flatnonzero(h.s_dept == len(h.d_code) - 3)
            h.s_manager[head] = office[0] if len(office) and office[0] != head else -1


def _changes(h: House, p: Parameters, rng: np.random.Generator) -> None:
    """Residents rotate, a few people join or leave within the period."""
    n, wards = len(h.s_role), len(h.clinical)
    resident = (h.s_role == ROLE["physician"]) & ~h.s_senior & (h.s_dept < wards)
    if p.days >= 10:
        moves = np.flatnonzero(resident & (rng.random(n) < 0.5))
        h.s_rotates[moves] = rng.integers(int(p.days * 0.4), max(int(p.days * 0.6), int(p.days * 0.4) + 1), len(moves))
        h.s_dept_end[moves] = (h.s_dept[moves] + rng.integers(1, wards, len(moves))) % wards
    others = np.flatnonzero((h.s_manager >= 0) & ~resident & ~h.s_senior)
    few = rng.permutation(others)[: max(4, round(n * 0.025))]
    half = len(few) // 2
    h.s_to[few[:half]] = rng.integers(0, max(1, int(p.days * 0.6)), half)
    h.s_from[few[half:]] = rng.integers(0, max(1, int(p.days * 0.7)), len(few) - half)
    # Some left before the period began and kept their account.
    gone = rng.permutation(np.setdiff1d(others, few))[: max(2, round(n * 0.01))]
    h.s_to[gone] = -rng.integers(5, 120, len(gone))


def _accounts(h: House, rng: np.random.Generator) -> None:
    for i in range(len(h.s_role)):
        h.a_name.append(f"u{i + 1:05d}")
        h.a_staff.append(i)
        h.a_kind.append("person")
        h.a_dept.append(-1)
    h.shared_of = np.full(len(h.d_code), -1, dtype=np.int64)
    for d, (code, kind) in enumerate(zip(h.d_code, h.d_kind, strict=True)):
        if kind in ("clinical", "diagnostic") or code in ("PHAR", "REGI"):
            h.shared_of[d] = len(h.a_name)
            h.a_name.append(f"{'desk' if code == 'REGI' else 'unit'}-{code.lower()}")
            h.a_staff.append(-1)
            h.a_kind.append("shared")
            h.a_dept.append(d)
    for service in ("svc-lis", "svc-upload", "svc-index", "svc-report"):
        h.a_name.append(service)
        h.a_staff.append(-1)
        h.a_kind.append("service")
        h.a_dept.append(-1)
