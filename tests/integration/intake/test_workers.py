# SPDX-License-Identifier: Apache-2.0
"""Formats whose blocks are not lines: several processes and one see the same, and a folder may hold all of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.evtx import Event, chunk, log
from tests.integration.intake.seeds import Seed
from tests.integration.intake.seeds_audit import evtx, mariadb, mysql_xml, xlsx
from wardkeep.jobs.ingesting import logs_of
from wardkeep.watch.event import AccessEvent
from wardkeep.watch.intake import read_batches, read_events


@pytest.mark.parametrize("seed", [mysql_xml(), evtx(), xlsx()], ids=lambda seed: seed.name)
def test_one_process_and_several_see_the_same(seed: Seed, tmp_path: Path) -> None:
    path = tmp_path / seed.file
    path.write_bytes(seed.data)
    found = list(read_events(path, zone="Asia/Shanghai", mapping=seed.mapping))
    told = []
    for batch in read_batches(path, zone="Asia/Shanghai", mapping=seed.mapping, workers=2):
        assert not batch.rejected
        told += batch.events.to_pylist()
    assert [one.position for one in found] == [row["position"] for row in told]
    assert len(found) == 14


def test_an_event_log_of_many_chunks_is_read_in_blocks_by_several_processes(tmp_path: Path) -> None:
    path = tmp_path / "security.evtx"
    chunks = [chunk([Event(100 * i + k, 4624, {"TargetUserName": f"u{k}"}) for k in range(5)])[0] for i in range(70)]
    path.write_bytes(log(*chunks))
    told = [row for b in read_batches(path, zone="UTC", workers=2) for row in b.events.to_pylist()]
    assert [row["position"] for row in told] == [f"chunk[{i}].record[{k}]" for i in range(1, 71) for k in range(5)]
    assert len({row["event_id"] for row in told}) == 350


def test_a_reading_process_starts_without_what_only_its_owner_needs() -> None:
    costly = {"duckdb", "django", "pyarrow.compute"}
    said = f"import sys, wardkeep.watch.intake.worker; print(sorted({costly} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_in_a_folder_a_named_mapping_is_for_what_needs_one(tmp_path: Path) -> None:
    for seed in (mariadb(), xlsx()):
        (tmp_path / seed.file).write_bytes(seed.data)
    logs = list(logs_of([tmp_path], mapping=xlsx().mapping))
    found = [one for each in logs for one in each.read(zone="Asia/Shanghai")]
    assert {one.format for one in found if isinstance(one, AccessEvent)} == {"mariadb-audit", "xlsx:his"}
    assert len(found) == 28 and all(isinstance(one, AccessEvent) for one in found)
