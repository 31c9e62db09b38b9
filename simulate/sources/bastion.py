# SPDX-License-Identifier: Apache-2.0
"""Administrators' sessions on the bastion, through which they use the applications' accounts on the databases."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulate.draw import stable
from simulate.house import ROLE, House
from simulate.parameters import HOUR, MINUTE, Parameters
from simulate.roster import Roster
from simulate.seats import SEATS
from simulate.sources.identities import EMR_APP, HIS_APP, Identities
from simulate.sources.noise import NO_LOGOFF
from simulate.sources.statements import UPKEEP
from simulate.sources.trace import Trace
from simulate.sources.windows import PC, own_windows
from simulate.tables import workplaces
from simulate.work import Work

#: As the databases see whoever comes through it.
ADDRESS, HOST, CLIENT = "10.10.250.8", "JMS-01", "plsqldev.exe"
HIS_DATABASE, EMR_DATABASE, PACS_SERVER = "HISDB01(10.10.200.21)", "EMRDB01(10.10.200.31)", "PACS01(10.10.200.41)"
#: Sessions a shift of an administrator.
RATE = 0.7


@dataclass
class Visit:
    """One session of one person on one server. `statements`: seconds after the start, and text."""

    person: int
    start: int
    end: int
    asset: str
    target: str
    #: From outside, through the VPN.
    far: bool = False
    ticket: int = -1
    case: int = -1
    statements: list[tuple[int, str]] = field(default_factory=list)
    #: Address of the VPN's pool, where from outside.
    lease: int = 0


def ordinary(p: Parameters, h: House, roster: Roster, work: Work, rng: np.random.Generator) -> list[Visit]:
    """What administrators do on their shifts, and what maintenance tickets let vendors and them do."""
    out: list[Visit] = []
    able = np.isin(h.s_role[roster.staff], [ROLE["it"], ROLE["device_engineer"]]) & (roster.start >= 0)
    for shift in np.repeat(np.flatnonzero(able), rng.poisson(RATE, int(able.sum()))).tolist():
        start = int(roster.moment(np.array([shift]), rng.random(1))[0])
        out.append(_visit(h, int(roster.staff[shift]), start, int(rng.integers(6 * MINUTE, 50 * MINUTE)), rng))
    for k in np.flatnonzero(work.k_kind == "maintenance").tolist():
        person = int(work.k_account[k])
        if person < len(h.s_role) and 0 <= work.k_start[k] < p.days * 24 * HOUR:
            start = int(work.k_start[k]) + int(rng.integers(5, 30)) * MINUTE
            visit = _visit(h, person, start, int(rng.integers(20, 80)) * MINUTE, rng)
            visit.ticket, visit.far = k, bool(h.s_role[person] == ROLE["vendor"])
            out.append(visit)
    return out


def _visit(h: House, person: int, start: int, length: int, rng: np.random.Generator) -> Visit:
    if h.s_role[person] == ROLE["device_engineer"] or rng.random() < 0.25:
        return Visit(person, start, start + length, PACS_SERVER, "root")
    asset, target = (HIS_DATABASE, HIS_APP) if rng.random() < 0.7 else (EMR_DATABASE, EMR_APP)
    count = int(rng.poisson(3))
    said = [(int(rng.integers(30, length)), UPKEEP[int(rng.integers(0, len(UPKEEP)))]) for _ in range(count)]
    return Visit(person, start, start + length, asset, target, statements=sorted(said))


def place(h: House, person: int, seed: int) -> int:
    """The workplace of an administrator: one where people sign in to Windows as themselves."""
    dept = int(h.s_dept_end[person])
    seats = np.arange(SEATS)
    own = seats[own_windows(np.full(SEATS, dept), seats, seed)]
    pool = own if len(own) else seats
    return dept * SEATS + int(pool[int(stable(np.array([person]), seed, 83)[0] * len(pool))])


def write(trace: Trace, p: Parameters, h: House, i: Identities, visits: list[Visit], rng: np.random.Generator) -> None:
    """The bastion's list of sessions; and at the desk before each the sign-in to Windows."""
    names, addresses = workplaces(h)
    at = [place(h, v.person, p.seed) for v in visits]
    person = np.array([v.person for v in visits], dtype=np.int64)
    start, end = (np.array(x, dtype=np.int64) for x in zip(*((v.start, v.end) for v in visits), strict=True))
    far = np.array([v.far for v in visits], dtype=bool)
    pool = len(h.d_code) * SEATS
    where = np.array([pool + v.lease if v.far else x for v, x in zip(visits, at, strict=True)])
    address = np.array(addresses, dtype=object)[where]
    bytes_ = rng.integers(0, 256, (len(visits), 16))
    session = np.array(["-".join(_hex(b, cut) for cut in CUTS) for b in bytes_], dtype=object)
    known = rng.random(len(visits)) >= NO_LOGOFF["JumpServer"]
    trace.add(
        t=start, system="JumpServer", action="login", person=person, account=i.bastion[person], how="own", ip=address,
        session=session, resource=np.array([v.asset for v in visits], dtype=object), program="Web Terminal",
        target_account=np.array([v.target for v in visits], dtype=object), duration=np.where(known, end - start, -1),
        case=np.array([v.case for v in visits]), ticket=np.array([v.ticket for v in visits]),
        site=np.where(far, "remote", np.array(h.d_site, dtype=object)[h.s_dept_end[person]]),
    )  # fmt: skip
    near = np.flatnonzero(~far)
    desk = np.array(at)[near]
    trace.add(
        t=start[near] - rng.integers(40, 200, len(near)), system="Windows", action="login", person=person[near], how="own",
        account=i.domain[person[near]], program=PC, workstation=np.array(names, dtype=object)[desk],
        ip=np.array(addresses, dtype=object)[desk], site=np.array(h.d_site, dtype=object)[desk // SEATS],
    )  # fmt: skip


CUTS = (slice(0, 4), slice(4, 6), slice(6, 8), slice(8, 10), slice(10, 16))


def _hex(numbers: np.ndarray, cut: slice) -> str:
    return "".join(f"{x:02x}" for x in numbers[cut].tolist())
