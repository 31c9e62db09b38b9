# SPDX-License-Identifier: Apache-2.0
"""Explaining: which events have a documented reason, and which row of the hospital's says so.

In three steps, each a list of named SQL texts: facts (people, intervals, touches), reasons that hold a whole local day
for (account, patient), then the residue event by event. A use of an account of several people is judged as the person's
who is named for it (wardkeep.watch.attribute). What is left is compared with private ties before the weak
reasons (a mistaken opening, own charting, presence, follow-up, a learned department pair) may explain it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from wardkeep.watch.attribute.attribute import attribute
from wardkeep.watch.engine import Engine, Query, load
from wardkeep.watch.explain import candidates
from wardkeep.watch.hospital.tables import TABLES, Type

QUERIES: dict[str, Query] = load(Path(__file__).parent)

#: In the order in which they are made.
FACTS = (
    "account_whole",
    "account_dim",
    "holder",
    "own_number",
    "department_dim",
    "membership",
    "desk",
    "patient_dim",
    "system_dim",
)
SPANS = ("stay", "span", "span_account", "span_department", "span_desk", "denial", "shift_of")
CANDIDATES = (*candidates.BEFORE, *candidates.AFTER)
TOUCHES = ("touch", "touch_acted", "visit")
DAYS = ("barred", "visit_reason", "residue")
MOMENTS = (
    "shift_visit",
    "by_cover",
    "by_consent",
    "by_ticket",
    "statement",
    "by_reviewer",
    "service_event",
    "by_service",
    "moment_reason",
)
TIES = (
    "open_pair",
    "person_facts",
    "surname_share",
    "building_size",
    "address_size",
    "phone_size",
    "staff_patient",
    "tie",
)
INFERRED = (
    "open_visit",
    "plain_pair",
    "slip",
    "by_mistake",
    "plain_visit",
    "under_care",
    "care_day",
    "by_charting",
    "by_follow_up",
)
PRESENCE = ("station_use", "station_guest", "station_day", "presence", "by_presence")
LEARNED = (
    "learn_visit",
    "learn_ask",
    "learn_day",
    "pair_day",
    "treating_size",
    "shared_care",
    "visit_pair",
    "by_learning",
)
RESULT = ("weak_reason", "event_reason", "unexplained", "daily", "reason_count")
ORDER = (*FACTS, *SPANS, *CANDIDATES, *TOUCHES, *DAYS, *MOMENTS, *TIES, *INFERRED, *PRESENCE, *LEARNED, *RESULT)
#: Large ones that nothing needs afterwards.
SPENT = (
    "span_account",
    "span_department",
    "span_desk",
    "station_use",
    "station_guest",
    "station_day",
    "learn_ask",
    "learn_day",
)

#: Tables that only Wardkeep itself supplies, in the shape that the texts expect.
_OURS: dict[str, tuple[tuple[str, str], ...]] = {
    "assignments": (("account", "VARCHAR"), ("patient_id", "VARCHAR"), ("start_us", "BIGINT"), ("end_us", "BIGINT"),
                    ("src", "VARCHAR")),
    "archived": (("patient_id", "VARCHAR"), ("system", "VARCHAR"), ("archived_us", "BIGINT"), ("src", "VARCHAR")),
    "one_person": (("patient_id", "VARCHAR"), ("other_id", "VARCHAR")),
    "mandates": (("account", "VARCHAR"), ("start_us", "BIGINT"), ("end_us", "BIGINT"), ("src", "VARCHAR")),
}  # fmt: skip

#: The view that stays behind: one best reason per explained event of the judged time.
REASON_OF = """
SELECT
  t.eid AS eid, sp.reason AS reason, sp.source_table AS source_table, sp.src AS source_id,
  coalesce(sp.recorded_us > t.time_us, FALSE) AS late, CAST(NULL AS VARCHAR) AS support
FROM touch AS t
JOIN visit_reason AS vr ON vr.a = t.a AND vr.p = t.p AND vr.day = t.day
JOIN span AS sp ON sp.span_id = vr.choice % 100000000000
WHERE t.time_us >= :from_us
UNION ALL
SELECT
  er.eid AS eid, er.reason AS reason, er.source_table AS source_table, er.source_id AS source_id,
  coalesce(er.recorded_us > e.time_us, FALSE) AS late, er.support AS support
FROM event_reason AS er
JOIN (
  SELECT r.eid AS eid, r.time_us AS time_us FROM residue AS r
  UNION ALL
  SELECT s.eid AS eid, s.time_us AS time_us FROM statement AS s
) AS e ON e.eid = er.eid
WHERE e.time_us >= :from_us
"""


def sql_type(kind: Type) -> str:
    """The engine's type of a column of the hospital's tables."""
    return {"time": "BIGINT", "date": "INTEGER", "flag": "BOOLEAN"}.get(kind, "VARCHAR")


def stand_ins(engine: Engine) -> list[str]:
    """Empty tables for those that the hospital did not hand over, so that every text runs; their names."""
    there = engine.tables()
    made = []
    for table in TABLES.values():
        if table.name not in there:
            columns = [(_quoted(c.engine_name), sql_type(c.type)) for c in table.columns]
            engine.put(table.name, [*columns, ("src", "VARCHAR")], [])
            made.append(table.name)
    for name, shape in _OURS.items():
        if name not in there:
            engine.put(name, shape, [])
            made.append(name)
    return made


def _quoted(name: str) -> str:
    return f'"{name}"'


def explain(engine: Engine, numbers: Mapping[str, int | float]) -> None:
    """Make every table of ORDER but those of SPENT. `numbers`: the thresholds, `from_us` and `to_us`."""
    someone = attribute(engine, numbers)
    for name in (*FACTS, *SPANS):
        engine.make(QUERIES[name], numbers)
    candidates.candidates(engine, QUERIES, numbers, any_=someone)
    _touches(engine, numbers, someone=someone)
    for name in ORDER[ORDER.index(DAYS[0]) :]:
        engine.make(QUERIES[name], numbers)
    engine.drop(SPENT)


def _touches(engine: Engine, numbers: Mapping[str, int | float], *, someone: bool) -> None:
    """`touch` and `visit`. Only where somebody is named do the touches go through a second pass."""
    if someone:
        engine.make(replace(QUERIES["touch"], name="touch_logged"), numbers)
        engine.make(replace(QUERIES["touch_acted"], name="touch"), numbers)
        engine.drop(["touch_logged"])
    else:
        engine.make(QUERIES["touch"], numbers)
    engine.make(QUERIES["visit"], numbers)
