# SPDX-License-Identifier: Apache-2.0
"""Detecting: named SQL texts over what explaining left open. They make one table `finding`.

Columns of `finding`: finding_no, detection, a, p, account, person, patient_id, first_us, last_us, first_day, evidence_day,
observed (JSON). The events of a finding are looked up when they are wanted (`evidence_of`): most findings never become a
case.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wardkeep.watch.detect.described import DETECTIONS, Described, evaluated
from wardkeep.watch.detect.finding import Value
from wardkeep.watch.detect.statistics import By, How, verdict
from wardkeep.watch.engine import Engine, Query, load

QUERIES: dict[str, Query] = load(Path(__file__).parent)

#: What detections are made from, in order.
EPISODES = (
    "open_day", "open_step", "open_part", "episode", "contact", "quiet", "home_of", "care_of", "open_count", "open_pair_lift",
)  # fmt: skip
SIGNALS = ("day_load", "ward_load", "duty", "colleague", "known", "crowd_day", "habit", "place", "signal")
ACCOUNTS = ("seen_day", "pause", "moved_event", "switched")
VOLUMES = (
    *("fresh", "busy", "burst", "lone_day", "peer_mean", "cusum", "slow_begin"),
    *("search_hour", "numbered", "sequence", "asked_text"),
)
FACTS = (*EPISODES, *SIGNALS, *ACCOUNTS, *VOLUMES)
EVIDENCE = (
    *(
        f"evidence_{kind}"
        for kind in ("open", "lone", "statement", "travel", "search", "sequence", "statistics", "overlap")
    ),
    "evidence",
    "evidence_named",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One row of `finding`."""

    finding_no: int
    detection: str
    account: str
    person: str | None
    patient_id: str | None
    a: int
    p: int | None
    first_us: int
    last_us: int
    first_day: int
    evidence_day: int
    observed: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event that a finding rests on."""

    eid: int
    name: str
    patient_id: str | None
    time_us: int


def detect(
    engine: Engine, numbers: Mapping[str, int | float], *, tables: Collection[str]
) -> dict[str, str | tuple[str, ...]]:
    """Make `finding`; says of each detection whether it was evaluated. `tables`: those that the hospital handed over."""
    said = evaluated(tables)
    for name in FACTS:
        engine.make(QUERIES[name], numbers)
    _read_statements(engine)
    active = [d for code, d in DETECTIONS.items() if said[code.value] == "evaluated"]
    for described in active:
        engine.make(QUERIES[described.query], numbers)
    engine.make(_together(active), numbers)
    engine.make(QUERIES["quiet_day"], numbers)
    return said


def _read_statements(engine: Engine) -> None:
    """Judge the text of every statement without a ticket: `statistics_text` holds those that are statistics."""
    rows = []
    for eid, text in engine.rows("SELECT t.eid, t.query FROM asked_text AS t ORDER BY t.eid"):
        if (found := verdict(text)) is not None:
            rows.append((eid, int(found.by is By.PRESCRIBER), int(found.how is How.LINES)))
    engine.put("statistics_text", (("eid", "BIGINT"), ("by_prescriber", "INTEGER"), ("lines", "INTEGER")), rows)


def _together(active: Iterable[Described]) -> Query:
    """One text that puts the rows of the detections together."""
    parts = [
        f"SELECT '{d.code.value}' AS detection, '{d.evidence.value}' AS evidence, f.a AS a, f.p AS p, f.first_us AS first_us, "  # noqa: S608 - names of our own
        f"f.last_us AS last_us, f.first_day AS first_day, f.evidence_day AS evidence_day, {_json(d.measures)} AS observed "
        f"FROM {d.query} AS f"
        for d in active
    ]
    text = f"""
        SELECT row_number() OVER (ORDER BY u.detection, u.a, u.p, u.first_us) AS finding_no, u.detection AS detection,
          u.evidence AS evidence, u.a AS a, u.p AS p, ad.account AS account, ad.person AS person, pd.patient_id AS patient_id,
          u.first_us AS first_us, u.last_us AS last_us, u.first_day AS first_day, u.evidence_day AS evidence_day,
          u.observed AS observed
        FROM ({" UNION ALL ".join(parts)}) AS u
        JOIN account_dim AS ad ON ad.a = u.a
        LEFT JOIN patient_dim AS pd ON pd.p = u.p
        WHERE u.last_us >= :from_us"""  # noqa: S608
    return Query("finding", "Every flag of every detection.", text)


def _json(measures: Iterable[str]) -> str:
    fields = [f"'\"{m}\": ', coalesce(CAST(f.{m} AS VARCHAR), 'null')" for m in measures]
    return "concat('{', " + ", ', ', ".join(fields) + ", '}')"


def findings(engine: Engine, where: str) -> list[Found]:
    """Rows of `finding` for which `where` (SQL over `f`) holds, in order."""
    rows = engine.rows(
        "SELECT f.finding_no, f.detection, f.account, f.person, f.patient_id, f.a, f.p, f.first_us, f.last_us, f.first_day, "  # noqa: S608 - our own condition
        f"f.evidence_day, f.observed FROM finding AS f WHERE {where} ORDER BY f.finding_no"
    )
    return [
        Found(
            finding_no=no, detection=detection, account=account, person=person, patient_id=patient, a=a, p=p, first_us=first_us,
            last_us=last_us, first_day=first_day, evidence_day=evidence_day,
            observed={k: v for k, v in json.loads(observed).items() if v is not None},
        )
        for no, detection, account, person, patient, a, p, first_us, last_us, first_day, evidence_day, observed in rows
    ]  # fmt: skip


def evidence_of(
    engine: Engine, numbers: Mapping[str, int | float], picked: Collection[Found]
) -> dict[int, list[Event]]:
    """finding_no -> the events that it rests on, in order of time."""
    columns = (
        ("finding_no", "BIGINT"), ("evidence", "VARCHAR"), ("a", "INTEGER"), ("p", "INTEGER"), ("first_us", "BIGINT"),
        ("last_us", "BIGINT"),
    )  # fmt: skip
    kinds = {d.code.value: d.evidence.value for d in DETECTIONS.values()}
    engine.put("picked", columns, [(f.finding_no, kinds[f.detection], f.a, f.p, f.first_us, f.last_us) for f in picked])
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
