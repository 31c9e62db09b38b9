# SPDX-License-Identifier: Apache-2.0
"""What the scenes added, as rows of the same tables: what stood there before keeps its numbers and its words."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from simulate.changes.journal import Journal
from simulate.changes.statements import verb
from simulate.draw import Array, Ints, stable
from simulate.openings import ACTIONS, DBA, LOGIN, LOGOUT, REASON, TABLE
from simulate.parameters import HOUR
from simulate.seats import SESSION_HOURS
from simulate.sessions import CLOCKS
from simulate.sources import bastion
from simulate.sources.database import HIS_SERVER
from simulate.sources.gather import Sources, events_of, persons_of
from simulate.sources.trace import Trace
from simulate.tables import ids, patient_ids, staff_ids, take, ticket_ids, times, workplaces

#: A bedside workstation of so many is taken.
STATIONS = 6


def lines_of(
    j: Journal, base: dict[str, Array], texts: list[str], *, statements: bool
) -> tuple[dict[str, Array], list[str]]:
    """Log lines with the columns of those that stand there, and the form of each; with `statements` those of the database too.

    Numbers go on from the last one of each system. Changes `texts`.
    """
    rows = [(x, x.form, x.action, x.system, x.resource, x.session, -1, 1) for x in j.lines]
    said = [
        (x, x.form, ACTIONS.index(verb(x.text)), DBA, 0, j.sessions + n, n, x.count) for n, x in enumerate(j.statements)
    ]
    rows += said if statements else []  # type: ignore[arg-type]
    first = len(texts)
    texts.extend(x.text for x in (j.statements if statements else []))
    out = {name: np.zeros(len(rows), dtype=column.dtype) for name, column in base.items()}
    session = int(base["session"].max()) + 1 if len(base["session"]) else 0
    for n, (x, _, action, system, resource, number, at, count) in enumerate(rows):
        said_by = at >= 0
        values = {
            "opening": -1, "t": x.t + int(CLOCKS[system]), "action": action, "actor": x.actor, "account": x.account,
            "patient": -1 if said_by else x.patient, "system": system, "count": count, "duration": -1,
            "dept": int(j.h.s_dept_end[x.actor] if x.actor >= 0 else j.h.of("INFO")[0]) if said_by else x.dept,
            "text": first + at if said_by else -1, "case": x.case, "resource": resource, "session": session + number,
            "reason": REASON[x.reason], "documented": x.documented, "table": TABLE[x.table], "row": x.row,
        }  # fmt: skip
        if action in (LOGIN, LOGOUT):
            values["case"] = -1
        for name, value in values.items():
            out[name][n] = value
    out["station"] = (stable(out["actor"], out["t"] // (SESSION_HOURS * HOUR), out["dept"], 75) * STATIONS).astype(
        np.int64
    )
    order = np.argsort(out["t"], kind="stable")
    out = {name: column[order] for name, column in out.items()}
    for system in np.unique(out["system"]).tolist():
        mine = out["system"] == system
        before = base["number"][base["system"] == system]
        out["number"][mine] = np.arange(1, int(mine.sum()) + 1) + (int(before.max()) if len(before) else 0)
    return out, [rows[i][1] for i in order.tolist()]


def together(base: dict[str, Array], added: dict[str, Array]) -> dict[str, Array]:
    """Both in the order of their clocks."""
    both = {name: np.concatenate([column, added[name]]) for name, column in base.items()}
    order = np.argsort(both["t"], kind="stable")
    return {name: column[order] for name, column in both.items()}


def audit_of(j: Journal, found: Sources) -> tuple[pa.Table, pa.Table, dict[str, Array]]:
    """The statements as the database audit has them: events, who it was, and the columns; numbered after those there."""
    names, addresses = workplaces(j.h)
    trace = Trace()
    said = j.statements
    at = [bastion.place(j.h, x.actor, j.p.seed) if x.actor >= 0 else -1 for x in said]
    domain = found.identities.domain
    own = np.array([x.actor >= 0 for x in said], dtype=bool)
    site = [j.h.d_site[int(j.h.s_dept_end[x.actor])] if x.actor >= 0 else "main" for x in said]

    def words(values: list[str]) -> Array:
        return np.array(values, dtype=object)

    trace.add(
        t=_ints(x.t for x in said), system="DBA", account=words([j.h.a_name[x.account] for x in said]),
        how=np.where(own, "own", "service"), person=_ints(x.actor for x in said), case=_ints(x.case for x in said),
        ticket=_ints(x.ticket for x in said), action=words([verb(x.text) for x in said]),
        query=words([x.text for x in said]), count=_ints(x.count for x in said), resource="HIS", server=HIS_SERVER,
        workstation=words([names[a] if a >= 0 else "HISJOB01" for a in at]), site=words(site),
        ip=words([addresses[a] if a >= 0 else "10.10.200.16" for a in at]),
        os_user=words([domain[x.actor] if x.actor >= 0 else "SYSTEM" for x in said]),
        program=words([bastion.CLIENT if x.actor >= 0 else "hisjob.exe" for x in said]),
        session=words([f"{2100 + n % 700},{n + 1}" for n in range(len(said))]),
    )  # fmt: skip
    columns = trace.columns(j.p.days)
    there = found.columns["number"][found.columns["system"] == "DBA"]
    columns["number"] = columns["number"] + (int(there.max()) if len(there) else 0)
    events = events_of(j.p, columns)
    return events, persons_of(columns, events["event_id"]), columns


def misuse_of(j: Journal, names: pa.Array, c: dict[str, Array]) -> pa.Table:
    """The statements of misuse among them."""
    rows = np.flatnonzero(c["case"] >= 0)
    of = c["case"][rows]
    return pa.table({
        "event_id": names.take(pa.array(rows)), "kind": take([x.kind for x in j.cases], of),
        "difficulty": take([x.difficulty for x in j.cases], of), "case_id": ids("M", of, 4),
        "account": pa.array(c["account"][rows], pa.string()), "staff_id": staff_ids(c["person"][rows]),
        "patient_id": patient_ids(np.full(len(rows), -1)),
    })  # fmt: skip


def forms_of_audit(j: Journal, columns: dict[str, Array]) -> list[str]:
    """The form of each row of the audit: by its moment, account and text."""
    by = {(x.t, j.h.a_name[x.account], x.text): x.form for x in j.statements}
    return [by[key] for key in zip(columns["t"].tolist(), columns["account"], columns["query"], strict=True)]


def _ints(values: Iterable[int]) -> Ints:
    return np.array(list(values), dtype=np.int64)


def items_of(j: Journal) -> pa.Table:
    """Rows of work_items."""
    x = j.items
    return pa.table({
        "patient_id": patient_ids(_ints(i.patient for i in x)), "department": take(j.h.d_code, _ints(i.dept for i in x)),
        "kind": pa.array([i.kind for i in x], pa.string()), "staff_id": staff_ids(_ints(i.staff for i in x)),
        "start": times(j.p, _ints(i.start for i in x)),
        "end": times(j.p, _ints(i.end for i in x), none=_ints(i.end for i in x) >= j.last),
        "recorded_at": times(j.p, np.minimum(_ints(i.recorded for i in x), j.last - 1)),
    })  # fmt: skip


def tickets_of(j: Journal) -> pa.Table:
    """Rows of tickets, numbered after those there."""
    x = j.tickets
    return pa.table({
        "ticket_id": ticket_ids(len(j.work.k_kind) + np.arange(len(x))),
        "account": take(j.h.a_name, _ints(k.account for k in x)), "kind": pa.array(["maintenance"] * len(x), pa.string()),
        "scope": pa.array([k.scope for k in x], pa.string()), "start": times(j.p, _ints(k.start for k in x)),
        "end": times(j.p, _ints(k.end for k in x)), "approved_by": staff_ids(_ints(k.by for k in x)),
    })  # fmt: skip


def truth_of(
    j: Journal,
    names: pa.Array,
    systems: pa.Array,
    columns: dict[str, Array],
    person: Array,
    accounts: pa.Array,
    forms: list[str],
) -> pa.Table:
    """What each change was: the form, whether it was lawful, and the case; lines that change nothing stand not in it."""
    rows = np.array([n for n, form in enumerate(forms) if form], dtype=np.int64)
    case = columns["case"][rows]
    picked = pa.array(rows)
    statement = np.asarray(systems.to_pylist(), dtype=object)[rows] == "DBA"
    return pa.table({
        "event_id": names.take(picked), "system": systems.take(picked), "account": accounts.take(picked),
        "staff_id": staff_ids(person[rows]), "patient_id": patient_ids(columns["patient"][rows]),
        "change": pa.array(np.where(statement, "database", "record").astype(object), pa.string()),
        "form": pa.array([forms[n] for n in rows.tolist()], pa.string()), "lawful": pa.array(case < 0),
        "difficulty": take([x.difficulty for x in j.cases], case), "case_id": ids("M", case, 4),
    })  # fmt: skip
