# SPDX-License-Identifier: Apache-2.0
"""Every text of the detections keeps to the subset of SQL that another engine can run, and is described."""

from __future__ import annotations

import dataclasses

import pytest
import sqlglot
from sqlglot import exp

from tests.house_sql import outside_subset, runs_on_spark
from wardkeep.watch.detect.described import DETECTIONS, Scene, Threat, evaluated
from wardkeep.watch.detect.detect import ORDER, QUERIES, _together
from wardkeep.watch.detect.finding import Detection
from wardkeep.watch.explain.explain import QUERIES as EXPLAINING
from wardkeep.watch.hospital.tables import TABLES
from wardkeep.watch.rank.collect import suspects
from wardkeep.watch.rank.score import FAMILY, TERMS
from wardkeep.watch.thresholds import Thresholds

NUMBERS = {
    **{k: v for k, v in dataclasses.asdict(Thresholds()).items() if isinstance(v, int | float)},
    "from_us": 0,
    "to_us": 1,
    "floor": -4.0,
}
MADE = {**QUERIES, "finding": _together(DETECTIONS.values()), "suspect": suspects()}
TEXTS = {name: query.filled(NUMBERS) for name, query in MADE.items()}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_transpiles_to_spark(name: str) -> None:
    assert runs_on_spark(TEXTS[name])


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_keeps_to_the_house_subset(name: str) -> None:
    assert outside_subset(TEXTS[name]) == []


def test_every_text_is_made_after_what_it_reads() -> None:
    made: set[str] = set()
    for name in ORDER:
        read = {table.name for table in sqlglot.parse_one(TEXTS[name], read="duckdb").find_all(exp.Table)}
        assert (read & set(ORDER)) <= made, f"{name} reads what is made later"
        made.add(name)


def test_no_text_takes_the_name_of_a_table_or_of_an_explanation() -> None:
    assert set(MADE) & (set(TABLES) | set(EXPLAINING)) == set()


@pytest.mark.parametrize("name", QUERIES)
def test_a_text_says_what_it_makes(name: str) -> None:
    assert QUERIES[name].description.endswith((".", ")."))


def test_every_detection_is_described_and_has_its_text() -> None:
    assert set(DETECTIONS) == set(Detection) - {Detection.RANDOM}
    assert {d.query for d in DETECTIONS.values()} == {n for n in QUERIES if n.startswith("find_")}


@pytest.mark.parametrize("code", DETECTIONS, ids=str)
def test_a_description_names_thresholds_tables_and_columns_that_are_there(code: Detection) -> None:
    described = DETECTIONS[code]
    assert {*described.thresholds} <= {f.name for f in dataclasses.fields(Thresholds)}
    assert {name for need in described.needs for name in need.split("|")} <= set(TABLES)
    columns = {e.alias for e in sqlglot.parse_one(TEXTS[described.query], read="duckdb").selects}
    assert {*described.measures, "a", "p", "first_us", "last_us", "first_day", "last_day", "evidence_day"} <= columns
    assert described.scenes and described.threats


def test_every_scene_but_those_without_logs_of_their_own_and_most_threats_are_served() -> None:
    assert {s for d in DETECTIONS.values() for s in d.scenes} == set(Scene)
    assert set(Threat) - {t for d in DETECTIONS.values() for t in d.threats} <= {Threat.TAMPERING}


def test_every_term_counts_to_a_family_or_is_about_the_case() -> None:
    assert {t.name for t in TERMS} - set(FAMILY) == {"base", "more_patients", "prior_hits", "prior_misses"}


def test_a_missing_alternative_is_no_missing_table() -> None:
    given = set(TABLES) - {"encounters", "appointments"}
    assert evaluated(given)["no_reason"] == "evaluated"
    assert evaluated(given)["not_under_care"] == ("encounters",)
    assert evaluated(given - {"orders"})["no_reason"] == ("encounters|appointments|orders",)
