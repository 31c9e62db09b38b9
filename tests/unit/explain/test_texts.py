# SPDX-License-Identifier: Apache-2.0
"""Every text of the explanations keeps to the subset of SQL that another engine can run."""

from __future__ import annotations

import dataclasses

import pytest
import sqlglot
from sqlglot import exp

from tests.house_sql import outside_subset, runs_on_spark
from wardkeep.watch.engine import Query
from wardkeep.watch.explain.explain import ORDER, QUERIES, REASON_OF
from wardkeep.watch.explain.reason import PREFERENCE, Reason
from wardkeep.watch.thresholds import Thresholds

NUMBERS = {
    **{k: v for k, v in dataclasses.asdict(Thresholds()).items() if isinstance(v, int | float)},
    "from_us": 0,
    "to_us": 1,
}
TEXTS = {name: query.filled(NUMBERS) for name, query in QUERIES.items()} | {
    "reason_of": Query("reason_of", "", REASON_OF).filled(NUMBERS)
}


def test_every_text_is_run_once_and_after_what_it_reads() -> None:
    assert sorted(ORDER) == sorted(QUERIES)
    made: set[str] = set()
    for name in ORDER:
        read = {table.name for table in sqlglot.parse_one(TEXTS[name], read="duckdb").find_all(exp.Table)}
        assert (read & set(ORDER)) <= made, f"{name} reads what is made later"
        made.add(name)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_transpiles_to_spark(name: str) -> None:
    assert runs_on_spark(TEXTS[name])


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_keeps_to_the_house_subset(name: str) -> None:
    assert outside_subset(TEXTS[name]) == []


@pytest.mark.parametrize("name", QUERIES)
def test_a_text_says_what_it_makes(name: str) -> None:
    assert QUERIES[name].description.endswith((".", ")."))


def test_preferences_in_the_texts_are_those_of_the_reasons() -> None:
    """A number beside a reason's code in a text is its place in `Reason`."""
    seen = set()
    for text in TEXTS.values():
        for select in sqlglot.parse_one(text, read="duckdb").find_all(exp.Select):
            cells = {e.alias: e.this for e in select.expressions if isinstance(e, exp.Alias)}
            reason, preference = cells.get("reason"), cells.get("preference")
            if isinstance(reason, exp.Literal) and isinstance(preference, exp.Literal):
                assert PREFERENCE[Reason(reason.this)] == int(preference.this)
                seen.add(Reason(reason.this))
    assert seen >= set(Reason) - {Reason.RESEARCH, Reason.ASSIGNED_CASE, Reason.AUDIT_MANDATE}
