# SPDX-License-Identifier: Apache-2.0
"""Silences of a real store, as a run keeps them."""

from __future__ import annotations

from pathlib import Path

from tests.stored import DAY_US, NOON_US, Kept, batch, row
from wardkeep.jobs.silent import silences_in

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
