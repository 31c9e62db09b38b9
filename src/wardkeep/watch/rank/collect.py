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
from wardkeep.watch.rank.score import FROM_FINDINGS, TERMS, WEIGHTS

#: Log-odds below which a patient opened without reason never becomes a case by itself.
FLOOR = -4.0
#: Numbers of a finding that count records.
COUNTS = ("bulk_records", "records", "batch_day", "batch_10min", "patients", "accesses")


def suspects(weights: Mapping[str, float] = WEIGHTS) -> Query:
    """The text that gives each episode its terms and keeps those at or above the floor."""
    seen = [t for t in TERMS if t.seen]
    terms = ", ".join(f"CAST({t.seen} AS DOUBLE) AS t_{t.name}" for t in seen)
    total = " + ".join(f"({weights[t.name]!r}) * x.t_{t.name}" for t in seen)
    text = f"""
        SELECT x.a AS a, x.p AS p, x.k AS k, x.account AS account, x.first_us AS first_us, x.last_us AS last_us,
          x.first_day AS first_day, x.last_day AS last_day, x.second_day AS second_day, x.accesses AS accesses, x.vip AS vip,
          x.minor AS minor, x.sensitive AS sensitive, x.took AS took, {", ".join(f"x.t_{t.name} AS t_{t.name}" for t in seen)}
        FROM (
          SELECT s.a AS a, s.p AS p, s.k AS k, ad.account AS account, s.first_us AS first_us, s.last_us AS last_us,
            s.first_day AS first_day, s.last_day AS last_day, s.second_day AS second_day, s.accesses AS accesses,
            s.vip AS vip, s.minor AS minor, s.sensitive AS sensitive, s.took AS took, {terms}
          FROM signal AS s
          JOIN account_dim AS ad ON ad.a = s.a
          WHERE s.last_us >= :from_us
        ) AS x
        WHERE {total} >= :floor"""  # noqa: S608 - names and numbers of our own
    return Query("suspect", "Episodes whose terms reach the floor.", text)


def collect(engine: Engine, numbers: Mapping[str, int | float], weights: Mapping[str, float] = WEIGHTS) -> list[Item]:
    """Every item, patients before accounts."""
    engine.make(suspects(weights), {**numbers, "floor": FLOOR})
    by_episode: dict[tuple[int, int], list[Found]] = {}
    for found in findings(
        engine, "f.p IS NOT NULL AND f.finding_no IN (SELECT g.finding_no FROM finding AS g JOIN suspect AS x "
        "ON x.a = g.a AND x.p = g.p AND x.first_us = g.first_us)",
    ):  # fmt: skip
        by_episode.setdefault((found.a, found.first_us), []).append(found)
    return [*_patients(engine, by_episode, bool(numbers["weekly_self_access"])), *_accounts(engine)]


def _patients(engine: Engine, by_episode: Mapping[tuple[int, int], list[Found]], weekly: bool) -> list[Item]:
    names = [t.name for t in TERMS if t.seen and t.name != "base"]
    rows = engine.rows(
        "SELECT a, p, account, first_us, last_us, first_day, last_day, second_day, accesses, vip, minor, sensitive, took, "  # noqa: S608
        + ", ".join(f"t_{name}" for name in names)
        + " FROM suspect ORDER BY a, p, first_us"
    )
    out = []
    for (
        a,
        p,
        account,
        first_us,
        last_us,
        first_day,
        last_day,
        second_day,
        _,
        vip,
        minor,
        sensitive,
        took,
        *values,
    ) in rows:
        terms = {name: value for name, value in zip(names, values, strict=True) if value}
        if weekly and terms.get("self_access"):
            continue
        found = [f for f in by_episode.get((a, first_us), []) if f.p == p]
        # Evidence is complete with the first finding that says more than that no reason was found.
        more = [f.evidence_day for f in found if f.detection != Detection.NO_REASON.value]
        ready = min(more, default=first_day)
        again = terms.pop("repeated", 0.0)
        item = Item(
            account=account, a=a, p=p, code=None, first_us=first_us, last_us=last_us, first_day=first_day, last_day=last_day,
            day=ready, terms=terms, vip=bool(vip), minor=bool(minor), sensitive=bool(sensitive), took=bool(took),
            finding_nos=tuple(f.finding_no for f in found),
        )  # fmt: skip
        out.append(item)
        if again and second_day is not None:
            out.append(dataclasses.replace(item, day=max(ready, second_day), terms={**terms, "repeated": again}))
    return out


def _accounts(engine: Engine) -> list[Item]:
    kinds = {d.code.value: d for d in DETECTIONS.values()}
    out = []
    for found in findings(engine, "f.p IS NULL"):
        if found.detection not in FROM_FINDINGS:
            continue
        seen = found.observed
        records = max(
            int(seen.get(n, 1)) for n in ("bulk_records", "records", "batch_day", "batch_10min", "patients", "accesses")
        )
        out.append(
            Item(
                account=found.account,
                a=found.a,
                p=None,
                code=found.detection,
                first_us=found.first_us,
                last_us=found.last_us,
                first_day=found.first_day,
                last_day=found.first_day,
                day=found.evidence_day,
                terms={found.detection: _strength(found)},
                records=records,
                finding_nos=(found.finding_no,),
                took=kinds[found.detection].evidence is Evidence.STATEMENT,
            )
        )
    return out


def _strength(found: Found) -> float:
    """How much of its weight a finding about an account adds."""
    if found.detection == Detection.STATISTICS.value and not found.observed.get("by_prescriber"):
        return 0.4
    return 1.0
