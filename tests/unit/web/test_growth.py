# SPDX-License-Identifier: Apache-2.0
"""How the ledger grew, and when it was verified last."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from wardkeep.web.draw.growth import HEIGHT, LEAST, draw_growth

FIRST = date(2026, 3, 1)


def test_a_bar_is_what_came_since_the_kept_day_before() -> None:
    bars = draw_growth([(FIRST, 100), (date(2026, 3, 2), 300), (date(2026, 3, 5), 301), (date(2026, 3, 6), 301)])
    assert [(bar.day.day, bar.entries) for bar in bars] == [(2, 200), (5, 1), (6, 0)]
    assert [bar.height for bar in bars] == [HEIGHT, LEAST, 0]  # a little is seen, nothing is not
    assert all(bar.y + bar.height == HEIGHT for bar in bars)


def test_the_log_of_a_new_year_begins_anew() -> None:
    (bar,) = draw_growth([(date(2026, 12, 31), 9_000), (date(2027, 1, 1), 40)])
    assert bar.entries == 40


def test_one_day_draws_nothing() -> None:
    assert draw_growth([(FIRST, 10)]) == draw_growth([]) == []


def test_the_page_says_when_the_ledger_was_verified_last(enter: Any, django_home: Any) -> None:
    from wardkeep.jobs.verified import keep_verified, place
    from wardkeep.ledger.note import Checkpoint

    client = enter("auditor")
    assert "none yet; run" in client.get("/ledger/").content.decode()
    checkpoint = Checkpoint("wardkeep.local/hospital/2026", 1234, bytes(32))
    keep_verified(django_home, {"2026": checkpoint}, at=datetime(2026, 3, 2, 4, 0, tzinfo=UTC))
    try:
        assert "2026-03-02 12:00, up to 1,234 entries, nothing found" in client.get("/ledger/").content.decode()
    finally:
        place(django_home).unlink()
