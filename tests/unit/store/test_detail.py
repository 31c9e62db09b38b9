# SPDX-License-Identifier: Apache-2.0
"""What a VPN, a bastion and a door say beyond the common columns reaches those who ask who it was, and nobody else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.stored import NOON, NOON_US, Kept, batch, row
from wardkeep.watch.store.compaction import compact

DETAIL = "SELECT e.event_id, d.extra FROM event_detail d JOIN all_events e USING (eid) ORDER BY e.event_id"


def filled(tmp_path: Path) -> Kept:
    kept = Kept(tmp_path / "kept")
    for n in range(3):
        kept.take_in(
            batch(
                [
                    row(f"v{n}", time=NOON_US + n, system="vpn", action="login", extra='{"assigned_ip": "172.16.0.2"}'),
                    row(f"p{n}", time=NOON_US + n, extra='{"program": "his.exe"}'),
                    row(f"r{n}", time=NOON_US + n),
                ]
            ),
            at=NOON + timedelta(minutes=n),
        )
    return kept


def asked(kept: Kept) -> list[tuple[str, str]]:
    with kept.store.connect(details=True) as con:
        return con.execute(DETAIL).fetchall()


def test_rows_with_a_detail_and_no_others_are_opened(tmp_path: Path) -> None:
    kept = filled(tmp_path)
    assert asked(kept) == [(f"v{n}", '{"assigned_ip": "172.16.0.2"}') for n in range(3)]
    with kept.store.connect() as con:
        assert "event_detail" not in {
            name for (name,) in con.execute("SELECT view_name FROM duckdb_views()").fetchall()
        }


def test_they_are_found_again_in_a_segment_made_of_several(tmp_path: Path) -> None:
    kept = filled(tmp_path)
    before = asked(kept)
    compact(kept.store, everything=True)
    assert any(row.compacted for row in kept.store.manifest.files("segment"))
    assert asked(kept) == before


def test_a_store_without_any_opens_nothing(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept")
    kept.take_in(batch([row("a"), row("b")]), at=NOON)
    assert asked(kept) == []
