# SPDX-License-Identifier: Apache-2.0
"""What came of each system, as the manifest alone tells it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.stored import DAY_US, NOON, NOON_US, Kept, batch, row
from wardkeep.watch.store import Store

HOUR_US = 3_600_000_000
DAY = 20_514  # 2026-03-02


def test_each_system_is_told_with_its_days_its_newest_event_and_its_delay(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    first = [row("a", time=NOON_US - HOUR_US), row("b", system="lis", time=NOON_US - 5 * HOUR_US)]
    kept.take_in(batch(first))
    later = [row("c", time=NOON_US + DAY_US), row("d", time=NOON_US + DAY_US - 9), row("e", time=NOON_US)]
    kept.take_in(batch(later), at=NOON + timedelta(days=1, hours=3))
    emr, lis = kept.store.arrived(since_day=DAY)
    assert (emr.system, emr.days, emr.newest_us) == ("emr", {DAY: 2, DAY + 1: 2}, NOON_US + DAY_US)
    assert emr.received_us == NOON_US + DAY_US + 3 * HOUR_US
    assert emr.delay_us == 2 * HOUR_US  # one hour with the first batch, three with the second
    assert (lis.system, lis.days, lis.delay_us) == ("lis", {DAY: 1}, 5 * HOUR_US)


def test_what_lies_before_the_day_is_left_out(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(batch([row("a"), row("b", time=NOON_US - DAY_US), row("c", system="old", time=NOON_US - DAY_US)]))
    assert [(one.system, one.days) for one in kept.store.arrived(since_day=DAY)] == [("emr", {DAY: 1})]


def test_a_store_that_was_never_fed_has_nothing_to_tell(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    store: Store = kept.store
    assert store.arrived(since_day=0) == []
