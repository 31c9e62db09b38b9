# SPDX-License-Identifier: Apache-2.0
"""A ticket for statistics where nobody is named behind an application's account: that of who likely asked."""

from __future__ import annotations

from dataclasses import asdict

import duckdb
import pytest

from wardkeep.watch.detect.detect import QUERIES
from wardkeep.watch.engine import DuckEngine
from wardkeep.watch.thresholds import Thresholds

NOON, HOUR = 1_772_424_000_000_000, 3_600_000_000
#: Account, its number, its person.
ACCOUNTS = [(1, "HIS_APP", None), (2, "ann", "s1"), (3, "bob", "s2")]


def authorised(*claims: tuple[str, float], ticket_of: str = "ann", at_us: int = NOON) -> list[int]:
    """Whether statement 7 under HIS_APP is covered by a ticket from ten to two of that account."""
    with duckdb.connect() as con:
        engine = DuckEngine(con)
        engine.put("worded", [("eid", "BIGINT"), ("a", "INTEGER"), ("day", "INTEGER"), ("time_us", "BIGINT")],
                   [(7, 1, 20_514, at_us)])  # fmt: skip
        engine.put("account_dim", [("a", "INTEGER"), ("account", "VARCHAR"), ("person", "VARCHAR"), ("until_day", "INTEGER")],
                   [(*one, 99_999) for one in ACCOUNTS])  # fmt: skip
        engine.put("holder", [("a", "INTEGER"), ("account", "VARCHAR")], [(a, account) for a, account, _ in ACCOUNTS])
        engine.put("claim", [("eid", "BIGINT"), ("person", "VARCHAR"), ("confidence", "DOUBLE")],
                   [(7, *claim) for claim in claims])  # fmt: skip
        engine.put("tickets", [("account", "VARCHAR"), ("kind", "VARCHAR"), ("start_us", "BIGINT"), ("end_us", "BIGINT")],
                   [(ticket_of, "statistics", NOON - 2 * HOUR, NOON + 2 * HOUR)])  # fmt: skip
        engine.make(QUERIES["authorised"], asdict(Thresholds()))
        return [eid for (eid,) in engine.rows("SELECT a.eid FROM authorised AS a")]


@pytest.mark.parametrize(
    "claims", [[("s1", 0.93), ("s2", 0.05)], [("s1", 0.4), ("s2", 0.3)], [("s1", 0.4), ("s2", 0.4)]]
)
def test_the_ticket_of_the_likeliest_person_covers_it(claims: list[tuple[str, float]]) -> None:
    assert authorised(*claims) == [7]


@pytest.mark.parametrize("claims", [[("s2", 0.6), ("s1", 0.35)], [("s1", 0.1)], []])
def test_the_ticket_of_somebody_who_less_likely_asked_does_not(claims: list[tuple[str, float]]) -> None:
    assert authorised(*claims) == []


def test_it_covers_its_own_hours_alone() -> None:
    assert authorised(("s1", 0.9), at_us=NOON + 3 * HOUR) == []


def test_a_ticket_of_the_application_covers_what_it_asks() -> None:
    assert authorised(ticket_of="HIS_APP") == [7]
