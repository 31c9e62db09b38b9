# SPDX-License-Identifier: Apache-2.0
"""Silences of a real store, as a run keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.stored import DAY_US, NOON_US, Kept, batch, row
from wardkeep.home import Home
from wardkeep.jobs.silent import all_silences, silences_in
from wardkeep.settings import parse_settings
from wardkeep.watch.silence import Silence, SilenceKind

HOUR_US = 3_600_000_000


def test_hours_that_are_missing_in_a_store_are_a_silence(tmp_path: Path) -> None:
    """Thirty events an hour from 12 to 17 o'clock for ten days; on the eighth the first three hours of `emr` are missing."""
    kept = Kept(tmp_path)
    kept.take_in(
        batch(
            row(
                f"{system}-{day}-{hour}-{n}x",
                time=NOON_US + day * DAY_US + hour * HOUR_US + n * 1_000_000,
                system=system,
            )
            for system in ("emr", "lis")
            for day in range(10)
            for hour in range(6)
            for n in range(30)
            if not (system == "emr" and day == 7 and hour < 3)
        )
    )
    with kept.store.connect() as con:
        (one,) = silences_in(con).to_pylist()
    assert (one["kind"], one["system"], one["expected"], one["got"]) == ("paused", "emr", 90, 0)
    assert one["from_us"] == NOON_US + 8 * HOUR_US + 7 * DAY_US and one["to_us"] - one["from_us"] == 3 * HOUR_US


def test_a_pulled_source_that_is_silent_is_told_without_waiting_for_a_judgement(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.adopt(parse_settings({"intake": {"pulls": ["a.toml", "b.toml", "c.toml", "d.toml", "e.toml"]}}), None)
    at = datetime(2026, 3, 2, 4, tzinfo=UTC)
    hour, day = timedelta(hours=1), timedelta(days=1)
    says(
        home,
        {
            "a.toml": {"name": "a", "system": "HIS", "last_success": at - 2 * hour, "every": 300},
            "b.toml": {"name": "b", "first_try": at - 2 * hour},  # never once
            "c.toml": {"name": "c", "last_success": at, "last_row": at - 2 * day},
            "d.toml": {"name": "d", "last_success": at - hour / 2, "last_row": at - hour, "trouble": "lost"},
            "e.toml": {"name": "e", "last_success": at - 2 * hour, "last_row": at - hour, "every": 3600},
        },
    )
    found = all_silences(home, None, at=at)
    said = [(one.kind, one.system, one.first) for one in found]
    assert said == [("unread", "HIS", "a"), ("unread", "b", ""), ("stopped", "c", "")]
    assert (found[0].from_us, found[0].to_us) == (
        NOON_US + 6 * HOUR_US,
        NOON_US + 8 * HOUR_US,
    )  # as clocks show it there


def test_what_a_judgement_saw_stop_is_not_told_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    home.adopt(parse_settings({"intake": {"pulls": ["c.toml"]}}), None)
    at = datetime(2026, 3, 2, 4, tzinfo=UTC)
    says(home, {"c.toml": {"name": "c", "system": "HIS", "last_success": at, "last_row": at - timedelta(days=2)}})
    kept = Silence(kind=SilenceKind.STOPPED, system="HIS", from_us=1, to_us=2, expected=9, got=0)
    monkeypatch.setattr("wardkeep.jobs.silent.silences_of", lambda home, run: [kept])
    assert all_silences(home, None, at=at) == [kept]


def says(home: Home, sources: dict[str, dict[str, Any]]) -> None:
    """What the process that pulls said last."""
    status = home.data_folder / "live" / "pulling.json"
    status.parent.mkdir(parents=True)
    status.write_bytes(msgspec.json.encode({"at": datetime(2026, 3, 2, tzinfo=UTC), "sources": sources}))
