# SPDX-License-Identifier: Apache-2.0
"""Our vectors of spools and kept days, run by our own code."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.ledger.test_own_vectors import ENTRIES, KEY, SAID
from tests.unit.ledger import model
from wardkeep.ledger.errors import LedgerDamaged, ProofRefused
from wardkeep.ledger.note import open_checkpoint
from wardkeep.ledger.spool import SLOT, START, Spool
from wardkeep.ledger.timestamp import check_stamp, read_roots


def opened(one: dict[str, Any], folder: Path) -> Spool:
    parts = [bytes.fromhex(part) for part in (*one["slots"], one["records"])]
    sizes = (SLOT, SLOT, one["size"] - START)
    path = folder / "gateway.wks"
    path.write_bytes(b"".join(part.ljust(size, b"\0") for part, size in zip(parts, sizes, strict=True)))
    found = Spool(path, look_only=True)
    found.close()
    return found


@pytest.mark.parametrize("one", SAID["spools"], ids=lambda one: one["what"])
def test_each_whole_spool_is_read(one: dict[str, Any], tmp_path: Path) -> None:
    found = opened(one, tmp_path)
    assert (found.name, found.producer, found.damage) == (one["name"], one["producer"], None)
    assert found.digest.hex() == one["digest"]
    assert [(e.number, e.at_us, e.body.hex()) for e in found.entries] == [
        (e["number"], e["at_us"], e["body"]) for e in one["entries"]
    ]


@pytest.mark.parametrize("one", SAID["no_spools"], ids=lambda one: one["why"])
def test_each_broken_spool_is_named(one: dict[str, Any], tmp_path: Path) -> None:
    if not one["header"]:
        with pytest.raises(LedgerDamaged):
            opened(one, tmp_path)
        return
    found = opened(one, tmp_path)
    assert found.damage and len(found.entries) == one["entries"]


def holds(one: dict[str, Any]) -> bool:
    """Whether a day is of the log; its stamp under the roots of the good one."""
    try:
        kept = open_checkpoint(one["checkpoint"], KEY)
        if kept.size > len(ENTRIES) or model.mth(ENTRIES[: kept.size]) != kept.root:
            return False
        if one["stamp"]:
            roots = read_roots(SAID["days"][1]["roots"].encode())
            check_stamp(bytes.fromhex(one["stamp"]), one["checkpoint"].encode(), roots)
    except ProofRefused:
        return False
    return True


def test_each_kept_day_is_of_the_log_and_its_stamp_holds() -> None:
    pytest.importorskip("rfc3161_client", reason="no library for time stamps here")
    assert [holds(one) for one in SAID["days"]] == [True, True]
    stamped = SAID["days"][1]
    said = check_stamp(
        bytes.fromhex(stamped["stamp"]), stamped["checkpoint"].encode(), read_roots(stamped["roots"].encode())
    )
    assert said.at == datetime.fromisoformat(stamped["stamped_at"])


@pytest.mark.parametrize("one", [*SAID["no_days"], *SAID["no_stamps"]], ids=lambda one: one["why"])
def test_each_broken_day_or_stamp_is_refused(one: dict[str, Any]) -> None:
    pytest.importorskip("rfc3161_client", reason="no library for time stamps here")
    assert not holds(one)
