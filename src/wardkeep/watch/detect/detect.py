# SPDX-License-Identifier: Apache-2.0
"""Detecting: named SQL texts over what explaining left open. They make one table `finding`.

Columns of `finding`: finding_no, detection, evidence, a, p, account, login, person, patient_id, first_us, last_us, first_day,
last_day, evidence_day, observed (JSON). `account` is the judged one, an account of several people in one person's hands;
`login` is the name that the events have. The events of a finding are looked up when they are wanted (`evidence_of`): most
findings never become a case.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wardkeep.watch.detect.changes import read_changes
from wardkeep.watch.detect.described import DETECTIONS, Described, evaluated
from wardkeep.watch.detect.finding import Value
from wardkeep.watch.detect.statistics import read_statements
from wardkeep.watch.engine import Engine, Query, parse
from wardkeep.watch.statistics.schema import EMPTY, Schema

#: In the order in which their texts are made. The texts of `find_...` are skipped where a table is missing.
FILES = ("episodes", "signals", "patients", "ties", "accounts", "volumes", "statistics", "shared", "evidence", "looked")
_TEXTS = {
    file: parse((Path(__file__).parent / f"{file}.sql").read_text(encoding="utf-8"), f"{file}.sql") for file in FILES
}
QUERIES: dict[str, Query] = {name: query for of in _TEXTS.values() for name, query in of.items()}
#: What `detect` makes; the texts of `evidence.sql` and `looked.sql` are asked about single findings later.
ORDER = tuple(name for file in FILES[:-2] for name in _TEXTS[file])
EVIDENCE = tuple(name for name in _TEXTS["evidence"] if name.startswith("evidence"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One row of `finding`."""

    finding_no: int
    detection: str
    account: str
    login: str
    person: str | None
    patient_id: str | None
    a: int
    p: int | None
    first_us: int
    last_us: int
    first_day: int
    last_day: int
    evidence_day: int
    observed: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event that a finding rests on."""

    eid: int
    name: str
    patient_id: str | None
    time_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedLogin:
    """A department's accounts in use in one week: one item for whoever answers for that department."""

    department: str | None
    #: Local day of the week's Monday.
    monday: int
    accounts: int
    #: Account-days: the items that there would be without gathering.
    before: int
    accesses: int
    #: Accesses for which one person is named, and how many people those are.
    named: int
    people: int


def shared_logins(engine: Engine) -> list[SharedLogin]:
    """Every row of `shared_login`, by week."""
    names = ("department", "monday", "accounts", "before", "accesses", "named", "people")
    listed = ", ".join(f"s.{name}" for name in names)
    rows = engine.rows(f"SELECT {listed} FROM shared_login AS s ORDER BY s.monday, s.department")  # noqa: S608 - our own names
    return [SharedLogin(**dict(zip(names, row, strict=True))) for row in rows]


def detect(
    engine: Engine, numbers: Mapping[str, int | float], *, tables: Collection[str], schema: Schema = EMPTY
) -> dict[str, str | tuple[str, ...]]:
    """Make `finding`; says of each detection whether it was evaluated. `tables`: those that the hospital handed over.

    schema: what names in statements mean, beside what they say themselves.
    """
    said = evaluated(tables)
    active = {d.query: d for code, d in DETECTIONS.items() if said[code.value] == "evaluated"}
    for name in ORDER:
        if name == "split_account":
            read_statements(engine, schema, numbers)
        if name == "mass_event":
            read_changes(engine)
        if name in active or not name.startswith("find_"):
            engine.make(QUERIES[name], numbers)
    engine.make(_together(active.values()), numbers)
    engine.make(QUERIES["quiet_day"], numbers)
    return said


_COLUMNS = ("first_us", "last_us", "first_day", "last_day", "evidence_day")


#: Where no table was handed over, no detection can be evaluated.
_NOTHING = (
    "SELECT CAST(NULL AS VARCHAR) AS detection, CAST(NULL AS VARCHAR) AS evidence, CAST(NULL AS INTEGER) AS a, "
    "CAST(NULL AS INTEGER) AS p, "
    + ", ".join(f"CAST(NULL AS BIGINT) AS {column}" for column in _COLUMNS)
    + ", CAST(NULL AS VARCHAR) AS observed WHERE false"
)


def _together(active: Iterable[Described]) -> Query:
    """One text that puts the rows of the detections together."""
    same = ", ".join(f"f.{c} AS {c}" for c in ("a", "p", *_COLUMNS))
    parts = [
        f"SELECT '{d.code.value}' AS detection, '{d.evidence.value}' AS evidence, {same}, {_json(d.measures)} AS observed "  # noqa: S608
        f"FROM {d.query} AS f"
        for d in active
    ] or [_NOTHING]
    kept = ", ".join(f"u.{c} AS {c}" for c in ("detection", "evidence", "a", "p", *_COLUMNS, "observed"))
    text = f"""
        SELECT row_number() OVER (ORDER BY u.detection, u.a, u.p, u.first_us) AS finding_no, {kept},
          ad.account AS account, ad.login AS login, ad.person AS person, pd.patient_id AS patient_id
        FROM ({" UNION ALL ".join(parts)}) AS u
        JOIN account_dim AS ad ON ad.a = u.a
        LEFT JOIN patient_dim AS pd ON pd.p = u.p
        WHERE u.last_us >= :from_us"""  # noqa: S608 - names of our own
    return Query("finding", "Every flag of every detection.", text)


def _json(measures: Iterable[str]) -> str:
    fields = [f"'\"{m}\": ', coalesce(CAST(f.{m} AS VARCHAR), 'null')" for m in measures]
    return "concat('{', " + ", ', ', ".join(fields) + ", '}')"


def findings(engine: Engine, where: str) -> list[Found]:
    """Rows of `finding` for which `where` (SQL over `f`) holds, in order."""
    names = ("finding_no", "detection", "account", "login", "person", "patient_id", "a", "p", *_COLUMNS, "observed")
    listed = ", ".join(f"f.{name}" for name in names)
    out = []
    for row in engine.rows(f"SELECT {listed} FROM finding AS f WHERE {where} ORDER BY f.finding_no"):  # noqa: S608
        values = dict(zip(names, row, strict=True))
        values["observed"] = {k: v for k, v in json.loads(values["observed"]).items() if v is not None}
        out.append(Found(**values))
    return out


def evidence_of(
    engine: Engine, numbers: Mapping[str, int | float], picked: Collection[Found]
) -> dict[int, list[Event]]:
    """finding_no -> the events that it rests on, in order of time."""
    kinds = {d.code.value: d.evidence.value for d in DETECTIONS.values()}
    types = {"finding_no": "BIGINT", "evidence": "VARCHAR", "a": "INTEGER", "p": "INTEGER", "first_us": "BIGINT",
             "last_us": "BIGINT", "first_day": "INTEGER"}  # fmt: skip
    rows = [(f.finding_no, kinds[f.detection], f.a, f.p, f.first_us, f.last_us, f.first_day) for f in picked]
    engine.put("picked", tuple(types.items()), rows)
    for name in EVIDENCE:
        engine.make(QUERIES[name], numbers)
    out: dict[int, list[Event]] = {f.finding_no: [] for f in picked}
    for no, eid, name, patient, time_us in engine.rows(
        "SELECT finding_no, eid, name, patient_id, time_us FROM evidence_named ORDER BY finding_no, time_us, eid"
    ):
        out[no].append(Event(eid=eid, name=name, patient_id=patient, time_us=time_us))
    return out


def day_events(engine: Engine, asked: Collection[tuple[int, int]]) -> dict[tuple[int, int], list[Event]]:
    """(account number, local day) -> everything that it touched on that day, in order of time."""
    engine.put("asked_day", (("a", "INTEGER"), ("day", "INTEGER")), sorted(asked))
    engine.make(QUERIES["day_event"], {})
    out: dict[tuple[int, int], list[Event]] = {}
    for a, day, eid, name, patient, time_us in engine.rows(
        "SELECT a, day, eid, name, patient_id, time_us FROM day_event ORDER BY a, day, time_us, eid, patient_id"
    ):
        out.setdefault((a, day), []).append(Event(eid=eid, name=name, patient_id=patient, time_us=time_us))
    return out
