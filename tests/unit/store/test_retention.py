# SPDX-License-Identifier: Apache-2.0
"""The text of a query can be destroyed before its event."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes import FakeKeyring
from tests.stored import Kept, batch, row
from wardkeep.watch.store.retention import QueryKeys

MARCH = datetime(2026, 3, 31, 12, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, 12, tzinfo=UTC)


def test_a_destroyed_month_reads_as_no_text_and_its_entries_still_verify(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(batch([row("m", query="select march")]), at=MARCH)
    kept.take_in(batch([row("a", query="select april"), row("n")]), at=APRIL)
    sql = "SELECT event_id, query FROM events ORDER BY 1"
    assert kept.ask(sql) == [("a", "select april"), ("m", "select march"), ("n", None)]
    kept.store.queries.forget("2026-03")
    assert kept.ask(sql) == [("a", "select april"), ("m", None), ("n", None)]
    assert kept.problems() == []


def test_a_repetition_is_known_after_its_text_was_destroyed(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    event = row("m", query="select march")
    kept.take_in(batch([event]), at=MARCH)
    kept.store.queries.forget("2026-03")
    assert kept.take_in(batch([event]), at=APRIL).duplicates == 1


def test_a_text_is_sealed_for_its_tenant_and_its_month() -> None:
    keys = FakeKeyring()
    (sealed, nothing) = QueryKeys(keys, tenant="one").seal(["select 1", None], month="2026-03")
    assert nothing is None and sealed is not None and "select" not in sealed
    assert QueryKeys(keys, tenant="one").open(sealed) == "select 1"
    with pytest.raises(ValueError, match="not what was sealed"):
        QueryKeys(keys, tenant="two").open(sealed)
    with pytest.raises(ValueError, match="not what was sealed"):
        QueryKeys(keys, tenant="one").open(sealed.replace("2026-03", "2026-04"))


def test_equal_texts_are_sealed_differently() -> None:
    sealed = QueryKeys(FakeKeyring(), tenant="one").seal(["select 1"] * 50, month="2026-03")
    assert len(set(sealed)) == 50
