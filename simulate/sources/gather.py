# SPDX-License-Identifier: Apache-2.0
"""`gather`: from the log lines of a hospital to what its other sources wrote, and who it was each time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulate.draw import Array, stable
from simulate.house import ROLE, House
from simulate.openings import DBA, REASON, TABLE, UPDATE
from simulate.parameters import MINUTE, Parameters
from simulate.roster import Roster
from simulate.scene import Case
from simulate.sessions import CLOCKS
from simulate.sources import bastion, doors, scenes, vpn, windows
from simulate.sources.bastion import Visit
from simulate.sources.database import DOCUMENT, Audit
from simulate.sources.identities import HIS_APP, Identities, make_identities
from simulate.sources.presence import stays
from simulate.sources.scenes import Scenes
from simulate.sources.trace import SOURCES, Trace
from simulate.tables import ids, patient_ids, staff_ids, take, ticket_ids, times
from simulate.work import Work

#: Share of statement thieves who use the application's account.
AS_APPLICATION = 0.5


@dataclass
class Sources:
    """What the other sources wrote (`events`: the columns of the folder and more), and the truth about every event."""

    events: pa.Table
    #: event_id, system, account, staff_id (null: nobody), how (trace.HOWS), case_id, ticket_id.
    persons: pa.Table
    identities: Identities
    scenes: Scenes
    columns: dict[str, Array]

    def misuse(self, cases: list[Case]) -> pa.Table:
        """The events of misuse that stand in these sources: what was taken or changed, not how the person came in."""
        c = self.columns
        wrong = np.isin(self._kinds(cases), ["statistics", "edited"])
        rows = np.flatnonzero((c["case"] >= 0) & (c["system"] == "DBA") & wrong)
        of = c["case"][rows]
        return pa.table({
            "event_id": event_names(c).take(pa.array(rows)), "kind": take([x.kind for x in cases], of),
            "difficulty": take([x.difficulty for x in cases], of), "case_id": ids("M", of, 4),
            "account": pa.array(c["account"][rows], pa.string()), "staff_id": staff_ids(c["person"][rows]),
            "patient_id": patient_ids(np.full(len(rows), -1)),
        })  # fmt: skip

    def _kinds(self, cases: list[Case]) -> Array:
        """The kind of each row's case; "" for those of no case."""
        return np.array([*(x.kind for x in cases), ""], dtype=object)[self.columns["case"]]


def gather(
    p: Parameters, h: House, roster: Roster, work: Work, lines: dict[str, Array], texts: list[str], cases: list[Case],
    staged: Scenes, rng: np.random.Generator,
) -> Sources:  # fmt: skip
    """Write the other sources. Changes `lines`: addresses of the VPN, and what the audit has is taken out of them."""
    identities = make_identities(h, rng)
    t = lines["t"] - CLOCKS[lines["system"]]
    if staged.edit_case >= 0:
        lines["resource"][(lines["case"] == staged.edit_case) & (lines["action"] == UPDATE)] = DOCUMENT
    tickets = _tickets(lines)
    trace = Trace()
    visits = bastion.ordinary(p, h, roster, work, rng)
    if staged.pull is not None:
        visits.append(staged.pull)
    asked = (lines["system"] == DBA) & (lines["case"] >= 0)
    as_application = asked & (stable(lines["case"], p.seed, 82) < AS_APPLICATION)
    through = as_application & (h.s_role[lines["actor"]] == ROLE["it"])
    visits += _thefts(lines, t, texts, through)
    far = [v for v in visits if v.far]
    lease, given = vpn.connect(
        trace, h, identities, lines, t, [(v.person, v.start - 4 * MINUTE, v.end + 9 * MINUTE) for v in far], rng
    )
    for visit, address in zip(far, given.tolist(), strict=True):
        visit.lease = address
    name = windows.sign_in(trace, p, h, identities, lines, t, rng)
    bastion.write(trace, p, h, identities, visits, rng)
    audit = Audit(trace, p, h, identities, lines, t, name, lease, rng)
    audit.his()
    audit.emr()
    audit.reports(tickets)
    audit.own_accounts(texts, tickets, through, as_application)
    audit.visits(visits)
    audit.services()
    near = [(v.person, int(h.s_dept_end[v.person]), v.start) for v in visits if not v.far and v is not staged.pull]
    doors.swipe(trace, h, identities, stays(p, h, roster, lines, t, near, rng), rng)
    scenes.badge(staged, trace, h, identities)
    lines["lease"] = lease
    kept = lines["system"] != DBA
    for column in list(lines):
        lines[column] = lines[column][kept]
    columns = trace.columns(p.days)
    events = events_of(p, columns)
    return Sources(events, persons_of(columns, events["event_id"]), identities, staged, columns)


def _thefts(lines: dict[str, Array], t: Array, texts: list[str], through: Array) -> list[Visit]:
    """Sessions on the bastion in which administrators took statistics."""
    out = []
    for case in np.unique(lines["case"][through]).tolist():
        rows = np.flatnonzero(through & (lines["case"] == case))
        start = int(t[rows].min()) - 3 * MINUTE
        said = sorted((int(t[r]) - start, texts[int(lines["text"][r])]) for r in rows.tolist())
        person = int(lines["actor"][rows[0]])
        end = start + said[-1][0] + 5 * MINUTE
        out.append(Visit(person, start, end, bastion.HIS_DATABASE, HIS_APP, case=case, statements=said))
    return out


def event_names(columns: dict[str, Array]) -> pa.Array:
    """The bastion numbers its sessions; the others number their rows."""
    rows = zip(columns["system"].tolist(), columns["number"].tolist(), columns["session"].tolist(), strict=True)
    return pa.array([one if s == "JumpServer" else f"{SOURCES[s]}{n:09d}" for s, n, one in rows], pa.string())


def events_of(p: Parameters, c: dict[str, Array]) -> pa.Table:
    """The columns of the folder contract, then what these sources say beyond it."""

    def words(name: str) -> pa.Array:
        return pa.array(c[name], pa.string(), mask=c[name] == "")

    known = c["duration"] >= 0
    nothing = pa.nulls(len(c["t"]), pa.string())
    return pa.table({
        "event_id": event_names(c), "time": times(p, c["clock"]), "account": words("account"), "patient_id": nothing,
        "action": words("action"), "resource": words("resource"), "count": pa.array(c["count"]), "purpose": nothing,
        "breakglass": nothing, "outcome": words("outcome"), "system": words("system"), "workstation": words("workstation"),
        "ip": words("ip"), "site": words("site"), "session_id": words("session"), "query": words("query"),
        "duration_s": pa.array(c["duration"], mask=~known), "program": words("program"), "os_user": words("os_user"),
        "server": words("server"), "assigned_ip": words("assigned_ip"), "target_account": words("target_account"),
        "direction": words("direction"), "date_end": times(p, c["clock"] + np.maximum(c["duration"], 0), none=~known),
    })  # fmt: skip


def persons_of(c: dict[str, Array], names: pa.Array) -> pa.Table:
    """Who it was, of each row of the sources."""
    return pa.table({
        "event_id": names, "system": pa.array(c["system"], pa.string()), "account": pa.array(c["account"], pa.string()),
        "staff_id": staff_ids(c["person"]), "how": pa.array(c["how"], pa.string()), "case_id": ids("M", c["case"], 4),
        "ticket_id": ticket_ids(c["ticket"]),
    })  # fmt: skip


def _tickets(ev: dict[str, Array]) -> Array:
    """The ticket that each line was done under, or -1."""
    under = (ev["table"] == TABLE["tickets"]) & np.isin(ev["reason"], [REASON["ticket"], REASON["service"]])
    return np.where(under, ev["row"], -1)


def persons_of_lines(h: House, ev: dict[str, Array], names: pa.Array, systems: pa.Array) -> pa.Table:
    """The same truth about the events of the clinical systems."""
    kind = np.array(h.a_kind, dtype=object)[ev["account"]]
    owner = np.array(h.a_staff)[ev["account"]]
    nobody = ev["actor"] < 0
    how = np.select([nobody, kind == "shared", owner == ev["actor"]], ["service", "shared", "own"], "borrowed")
    ticket = _tickets(ev)
    return pa.table({
        "event_id": names, "system": systems, "account": take(h.a_name, ev["account"]), "staff_id": staff_ids(ev["actor"]),
        "how": pa.array(how.astype(object), pa.string()), "case_id": ids("M", ev["case"], 4), "ticket_id": ticket_ids(ticket),
    })  # fmt: skip
