# SPDX-License-Identifier: Apache-2.0
"""Attributing: who it was behind an account that more than one person may use. Named SQL texts, in four steps.

Who an account is; how far each source's clock is off; the sessions of known people; and, of each use of a department's or
an application's account, every person who may have made it, with what says so and the confidence
(docs/reference/attribution.md). A hospital without such accounts, or without anybody's signing in, costs one look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wardkeep.watch.attribute.placed import crowd, place
from wardkeep.watch.attribute.spelt import spell
from wardkeep.watch.engine import Engine, Query, parse

#: In the order in which their texts are made.
FILES = ("people", "places", "clocks", "sessions", "claims")
_TEXTS = {
    file: parse((Path(__file__).parent / f"{file}.sql").read_text(encoding="utf-8"), f"{file}.sql") for file in FILES
}
QUERIES: dict[str, Query] = {name: query for of in _TEXTS.values() for name, query in of.items()}
ORDER = tuple(QUERIES)
#: Asked about single events later.
ASIDE = parse((Path(__file__).parent / "aside.sql").read_text(encoding="utf-8"), "aside.sql")
#: What the others read, and its shape where there was nothing to resolve.
LEFT: dict[str, tuple[tuple[str, str], ...]] = {
    "identity": (("account", "VARCHAR"), ("person", "VARCHAR"), ("attributed_by", "VARCHAR"), ("confidence", "DOUBLE")),
    "clock_offset": (
        ("system", "VARCHAR"), ("day", "INTEGER"), ("reference", "VARCHAR"), ("offset_us", "BIGINT"),
        ("spread_us", "BIGINT"), ("pairs", "BIGINT"), ("applied", "INTEGER"), ("how", "VARCHAR"), ("via", "VARCHAR"),
    ),
    "evidence_for": (
        ("eid", "BIGINT"), ("person", "VARCHAR"), ("kind", "VARCHAR"), ("system", "VARCHAR"), ("source_table", "VARCHAR"),
        ("source_id", "VARCHAR"), ("strength", "DOUBLE"),
    ),
    "elsewhere": (("eid", "BIGINT"), ("person", "VARCHAR"), ("source_id", "VARCHAR")),
    "off_duty": (("eid", "BIGINT"), ("person", "VARCHAR")),
    "two_places": (("eid", "BIGINT"), ("person", "VARCHAR")),
    "unseen": (("eid", "BIGINT"), ("person", "VARCHAR")),
    "claim": (("eid", "BIGINT"), ("person", "VARCHAR"), ("odds", "DOUBLE"), ("confidence", "DOUBLE")),
    "attribution": (
        ("eid", "BIGINT"), ("account", "VARCHAR"), ("kind", "VARCHAR"), ("state", "VARCHAR"), ("person", "VARCHAR"),
        ("confidence", "DOUBLE"), ("people", "INTEGER"),
    ),
    "acting": (("login", "VARCHAR"), ("person", "VARCHAR")),
}  # fmt: skip
#: Texts that read what not every connection has, and the shape of what they make.
OPTIONAL = {"passed": "all_events", "detail": "event_detail", "led_to": "event_detail", "used_at": "event_detail"}
EMPTY: dict[str, tuple[tuple[str, str], ...]] = {
    "passed": (
        ("eid", "BIGINT"), ("name", "VARCHAR"), ("account", "VARCHAR"), ("system", "VARCHAR"), ("action", "VARCHAR"),
        ("time_us", "BIGINT"), ("day", "INTEGER"), ("workstation", "VARCHAR"), ("ip", "VARCHAR"), ("site", "VARCHAR"),
        ("session_id", "VARCHAR"), ("resource", "VARCHAR"), ("duration_ms", "BIGINT"),
    ),
    "detail": (
        ("eid", "BIGINT"), ("assigned_ip", "VARCHAR"), ("target_account", "VARCHAR"), ("direction", "VARCHAR"),
    ),
    "led_to": (("eid", "BIGINT"), ("server", "VARCHAR")),
    "used_at": (("eid", "BIGINT"), ("server", "VARCHAR")),
}  # fmt: skip
#: Large ones that nothing needs afterwards.
SPENT = (
    "asked", "asked_place", "behind", "opened", "led", "session_place", "met", "clock_pair", "sign", "taken_over",
    "record_system", "presence_of", "known_day", "site_of", "stood_at", "crowd",
)  # fmt: skip


#: What is kept of a run: everybody who may have made a use, with each row that says so or against it.
KEPT = """
SELECT c.eid AS eid, t.state AS state, c.person AS person, c.confidence AS confidence, v.kind AS kind,
  v.source_table AS source_table, v.source_id AS source_id
FROM claim AS c
JOIN attribution AS t ON t.eid = c.eid
JOIN (
  SELECT e.eid AS eid, e.person AS person, e.kind AS kind, e.source_table AS source_table, e.source_id AS source_id
  FROM evidence_for AS e
  UNION ALL
  SELECT w.eid AS eid, w.person AS person, 'elsewhere' AS kind, 'events' AS source_table, w.source_id AS source_id
  FROM elsewhere AS w
  UNION ALL
  SELECT o.eid AS eid, o.person AS person, 'off_duty' AS kind, 'shifts' AS source_table, NULL AS source_id
  FROM off_duty AS o
  UNION ALL
  SELECT p.eid AS eid, p.person AS person, 'two_places' AS kind, 'events' AS source_table, NULL AS source_id
  FROM two_places AS p
  UNION ALL
  SELECT u.eid AS eid, u.person AS person, 'unseen' AS kind, 'events' AS source_table, NULL AS source_id
  FROM unseen AS u
) AS v ON v.eid = c.eid AND v.person = c.person
ORDER BY eid, confidence DESC, person, kind
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """How far one source's clock is ahead of the reference, as its pairs say."""

    system: str
    reference: str
    offset_seconds: float
    spread_seconds: float
    pairs: int
    #: False: too few pairs, or too wide apart to be one happening; shown, and nothing is changed by it.
    applied: bool


def attribute(engine: Engine, numbers: Mapping[str, int | float]) -> bool:
    """Make every table of LEFT. True where somebody is named, or is one of several, for at least one use.

    `numbers`: the thresholds and `to_us`. Every table of the hospital must be there, if empty. From here on `events` name
    the accounts of the table, whatever was written (`spelt.py`).
    """
    spell(engine)
    for name in _until(engine, numbers):
        engine.put(name, LEFT[name], [])
    engine.drop(SPENT)
    return bool(engine.rows("SELECT a.login FROM acting AS a LIMIT 1"))


def _until(engine: Engine, numbers: Mapping[str, int | float]) -> Iterable[str]:
    """Make the texts in order until one shows that there is nothing to resolve; the tables of LEFT still missing then."""
    made = set()
    needed = {"unnamed_account", "sign", "asked", "session", "met", "claim"}
    given = engine.tables()
    for name in ORDER:
        if name in OPTIONAL and OPTIONAL[name] not in given:
            engine.put(name, EMPTY[name], [])
        else:
            engine.make(QUERIES[name], numbers)
        made.add(name)
        if name == "used_at":
            place(engine)
        if name == "stood_at":
            crowd(engine)
        if name in needed and not engine.rows(f"SELECT 1 AS one FROM {name} AS x LIMIT 1"):  # noqa: S608 - our own names
            break
    return [name for name in LEFT if name not in made]


def clocks(engine: Engine) -> list[Clock]:
    """What was estimated of each source's clock over all days, by name."""
    return [
        Clock(
            system=system, reference=reference, offset_seconds=offset / 1e6, spread_seconds=spread / 1e6, pairs=pairs,
            applied=bool(applied),
        )
        for system, reference, offset, spread, pairs, applied in engine.rows(
            "SELECT c.system, c.reference, c.offset_us, c.spread_us, c.pairs, c.applied FROM clock_offset AS c "
            "WHERE c.day = -9999999 ORDER BY c.system"
        )
    ]  # fmt: skip


def rostered(engine: Engine, numbers: Mapping[str, int | float]) -> list[tuple[int, str, float]]:
    """(event, person, confidence) of those who had the department's shift, for events of `asked_eid` without a trace."""
    engine.make(ASIDE["rostered"], numbers)
    return [
        (eid, person, confidence)
        for eid, person, confidence in engine.rows(
            "SELECT r.eid, r.person, r.confidence FROM rostered AS r ORDER BY r.eid, r.person"
        )
    ]
