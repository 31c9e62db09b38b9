# SPDX-License-Identifier: Apache-2.0
"""From the tables of a judgement to items: patients worth a reviewer's look, and findings about accounts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from wardkeep.watch.detect.described import DETECTIONS, Evidence
from wardkeep.watch.detect.detect import Found, findings
from wardkeep.watch.detect.finding import Detection
from wardkeep.watch.engine import Engine, Query
from wardkeep.watch.rank.item import Item
from wardkeep.watch.rank.score import TERMS, WEIGHTS

#: Log-odds below which nothing opens a case: about three in a hundred.
FLOOR = -3.5
#: Episodes that are looked at for each case that a day may have: beyond them nothing finds a place within the backlog.
PLACES = 50
#: Numbers of a finding that count records.
COUNTS = ("bulk_records", "records", "batch_day", "batch_10min", "patients", "accesses")


def suspects(weights: Mapping[str, float] = WEIGHTS) -> Query:
    """The text that gives each episode its terms, once as its first day showed it (`stage` 1) and once as all its days do
    (2, from its second day on), and keeps those at or above the floor, of each day the best."""
    seen = [t for t in TERMS if t.seen]
    total = " + ".join(f"({weights[t.name]!r}) * x.t_{t.name}" for t in seen)
    first = ", ".join(f"CAST({t.first or t.seen} AS DOUBLE) AS t_{t.name}" for t in seen)
    whole = ", ".join(f"CAST({t.seen} AS DOUBLE) AS t_{t.name}" for t in seen)
    columns = ["a", "p", "first_us", "last_us", "first_day", "last_day", "vip", "minor", "sensitive", "took"]
    taken = ", ".join(f"s.{c} AS {c}" for c in columns)
    text = f"""
        SELECT ad.account AS account, y.stage AS stage, y.stage_day AS stage_day, {", ".join(f"y.{c} AS {c}" for c in columns)},
          {", ".join(f"y.t_{t.name} AS t_{t.name}" for t in seen)}
        FROM (
        SELECT x.stage AS stage, x.stage_day AS stage_day, {", ".join(f"x.{c} AS {c}" for c in columns)},
          {", ".join(f"x.t_{t.name} AS t_{t.name}" for t in seen)},
          row_number() OVER (PARTITION BY x.stage_day ORDER BY {total} DESC, x.a, x.p, x.stage) AS place
        FROM (
          SELECT 1 AS stage, s.first_day AS stage_day, {taken}, {first}
          FROM signal AS s
          UNION ALL
          SELECT 2 AS stage, s.second_day AS stage_day, {taken}, {whole}
          FROM signal AS s
          WHERE s.second_day IS NOT NULL
        ) AS x
        WHERE x.last_us >= :from_us AND {total} >= :floor
        ) AS y
        JOIN account_dim AS ad ON ad.a = y.a
        WHERE y.place <= {PLACES} * :cases_a_day"""  # noqa: S608 - names and numbers of our own
    return Query("suspect", "Episodes whose terms reach the floor.", text)


def collect(engine: Engine, numbers: Mapping[str, int | float], weights: Mapping[str, float] = WEIGHTS) -> list[Item]:
    """Every item, patients before accounts."""
    engine.make(suspects(weights), {**numbers, "floor": FLOOR})
    by_episode: dict[tuple[int, int, int], list[Found]] = {}
    for found in findings(
        engine, "f.p IS NOT NULL AND f.finding_no IN (SELECT g.finding_no FROM finding AS g JOIN suspect AS x "
        "ON x.a = g.a AND x.p = g.p AND x.first_us = g.first_us)",
    ):  # fmt: skip
        by_episode.setdefault((found.a, found.p or 0, found.first_us), []).append(found)
    return [*_patients(engine, by_episode, bool(numbers["weekly_self_access"])), *_accounts(engine)]


def _patients(engine: Engine, by_episode: Mapping[tuple[int, int, int], list[Found]], weekly: bool) -> list[Item]:
    names = [t.name for t in TERMS if t.seen and t.name != "base"]
    rows = engine.rows(
        "SELECT a, p, account, stage_day, first_us, last_us, first_day, last_day, vip, minor, sensitive, took, "  # noqa: S608
        + ", ".join(f"t_{name}" for name in names)
        + " FROM suspect ORDER BY a, p, first_us, stage"
    )
    out = []
    for a, p, account, stage_day, first_us, last_us, first_day, last_day, vip, minor, sensitive, took, *values in rows:
        terms = {name: round(value, 3) for name, value in zip(names, values, strict=True) if value}
        if weekly and terms.get("self_access"):
            continue
        found = by_episode.get((a, p, first_us), [])
        # Evidence is complete with the first finding that says more than that no reason was found.
        ready = min((f.evidence_day for f in found if f.detection != Detection.NO_REASON.value), default=first_day)
        out.append(
            Item(
                account=account,
                a=a,
                p=p,
                code=None,
                first_us=first_us,
                last_us=last_us,
                first_day=first_day,
                last_day=last_day,
                day=max(ready, stage_day),
                terms=terms,
                vip=bool(vip),
                minor=bool(minor),
                sensitive=bool(sensitive),
                took=bool(took),
                finding_nos=tuple(f.finding_no for f in found),
            )
        )
    return out


def _accounts(engine: Engine) -> list[Item]:
    kinds = {d.code.value: d for d in DETECTIONS.values()}
    twice = dict(engine.rows("SELECT b.a, b.twice_day FROM slow_begin AS b WHERE b.twice_day IS NOT NULL"))
    out = []
    for found in findings(engine, "f.p IS NULL"):
        item = Item(
            account=found.account,
            a=found.a,
            p=None,
            code=found.detection,
            first_us=found.first_us,
            last_us=found.last_us,
            first_day=found.first_day,
            last_day=found.last_day,
            day=found.evidence_day,
            terms={found.detection: _strength(found)},
            records=max(int(found.observed.get(name, 1)) for name in COUNTS),
            finding_nos=(found.finding_no,),
            took=kinds[found.detection].evidence is Evidence.STATEMENT,
        )
        out.append(item)
        if found.detection == Detection.LOW_AND_SLOW.value and found.a in twice:
            out.append(dataclasses.replace(item, day=twice[found.a], terms={found.detection: 1.0}))
    return out


def _strength(found: Found) -> float:
    """How much of its weight a finding about an account adds when its evidence is complete."""
    weak = {
        Detection.STATISTICS.value: not found.observed.get("by_prescriber"),
        Detection.LATE_EDIT.value: found.observed.get("hours_after_care")
        and not found.observed.get("hours_after_request")
        and not found.observed.get("hours_after_archive"),
        Detection.IMPOSSIBLE_TRAVEL.value: not found.observed.get("patients"),
        # All of it at twice the level, which is another day.
        Detection.LOW_AND_SLOW.value: True,
    }
    return 0.5 if weak.get(found.detection) else 1.0
