# SPDX-License-Identifier: Apache-2.0
"""Every text of the attribution keeps to the subset of SQL that another engine can run, and is described."""

from __future__ import annotations

import dataclasses

import pytest
import sqlglot
from sqlglot import exp

from tests.house_sql import outside_subset, runs_on_spark
from wardkeep.watch.attribute.attribute import ASIDE, EMPTY, LEFT, OPTIONAL, ORDER, QUERIES
from wardkeep.watch.detect.detect import QUERIES as DETECTING
from wardkeep.watch.explain.candidates import AGAIN, again
from wardkeep.watch.explain.explain import QUERIES as EXPLAINING
from wardkeep.watch.hospital.tables import TABLES
from wardkeep.watch.thresholds import Thresholds

NUMBERS = {
    **{k: v for k, v in dataclasses.asdict(Thresholds()).items() if isinstance(v, int | float)},
    "from_us": 0,
    "to_us": 1,
}
MADE = {**QUERIES, **ASIDE, **{f"claim_{name}": again(EXPLAINING[name]) for name in AGAIN}}
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


def test_no_text_takes_the_name_of_a_table_an_explanation_or_a_detection() -> None:
    assert set(MADE) & (set(TABLES) | set(EXPLAINING) | set(DETECTING)) == set()


@pytest.mark.parametrize("name", {**QUERIES, **ASIDE})
def test_a_text_says_what_it_makes(name: str) -> None:
    assert MADE[name].description.endswith((".", ")."))


@pytest.mark.parametrize("name", [*LEFT, *EMPTY])
def test_a_table_of_nothing_has_the_columns_of_its_text(name: str) -> None:
    columns = [e.alias for e in sqlglot.parse_one(TEXTS[name], read="duckdb").selects]
    assert [column for column, _ in {**LEFT, **EMPTY}[name]] == columns
    assert set(OPTIONAL) == set(EMPTY)
