# SPDX-License-Identifier: Apache-2.0
"""For each time the newest run that judged it counts; what lies before stays as an earlier run left it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tests.rows import a_run

pytestmark = pytest.mark.usefixtures("rows")
DAY = timedelta(days=1)


def run(finished: int, begins: int | None, ends: int | None = None, **more: Any) -> Any:
    """A run finished on a day, which judged from a day to a day; None: all there is."""
    span = {name: None if d is None else NOON + d * DAY for name, d in (("from_at", begins), ("to_at", ends))}
    values = {"ledger_log": "2026", "ledger_size": 100, **more}
    return a_run(finished_at=NOON + finished * DAY, **span, **values)


def who(day: float, log: str = "2026", n: int = 5) -> Any:
    """The run that counts for an event of a day."""
    from wardkeep.watch.cases.coverage import ruled

    moment: datetime = NOON + day * DAY
    found = [part.run for part in ruled() if part.covers(moment, log, n)]
    assert len(found) <= 1, "one event has one judgement"
    return found[0] if found else None


def test_the_newest_run_counts_where_it_judged_and_the_earlier_one_before() -> None:
    whole, nightly = run(1, None), run(2, -30)
    assert who(-31) == whole
    assert who(-30) == nightly
    assert who(100) == nightly


def test_a_run_over_a_few_days_cuts_an_earlier_one_in_two() -> None:
    whole, middle = run(1, None), run(2, -5, -3)
    assert [who(d) for d in (-6, -5, -4, -3, -2)] == [whole, middle, middle, whole, whole]


def test_what_no_run_judged_was_not_judged() -> None:
    assert who(0) is None
    run(1, -5, -3)
    assert who(-6) is None
    assert who(-3) is None


def test_what_came_after_the_run_looked_was_not_judged_by_it() -> None:
    one = run(1, None)
    assert who(0, n=99) == one
    assert who(0, n=100) is None
    assert who(0, log="2027", n=0) is None
    assert who(0, log="2025", n=10**9) == one


def test_only_the_runs_that_are_needed_for_a_time_are_taken() -> None:
    from wardkeep.watch.cases.coverage import ruled

    whole, nightly = run(1, None), run(2, -30)
    assert [part.run for part in ruled(NOON - 10 * DAY, NOON)] == [nightly]
    assert [part.run for part in ruled(NOON - 40 * DAY, NOON - 35 * DAY)] == [whole]
    assert [part.run for part in ruled(NOON - 40 * DAY, NOON)] == [nightly, whole]
    run(3, NOON.day, NOON.day)
    assert [part.run for part in ruled(NOON - 10 * DAY, NOON)] == [nightly]
