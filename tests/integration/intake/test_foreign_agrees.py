# SPDX-License-Identifier: Apache-2.0
"""The same hospital in two hands: its plain folder, and FHIR lines with a GB18030 export. Both tell the same events."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import simulate
from wardkeep.watch.event import AccessEvent
from wardkeep.watch.intake import load_mapping, log_files, mapping_beside, read_batches, read_events

ZONE = "Asia/Shanghai"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    plain, foreign = tmp_path_factory.mktemp("plain"), tmp_path_factory.mktemp("foreign")
    hospital = simulate.build(seed=11, setting="A", staff=80, patients=2000, days=4)
    simulate.write(hospital, plain, style="folder")
    simulate.write(hospital, foreign, style="foreign", compress=True)
    return plain, foreign


def read(folder: Path) -> dict[str, AccessEvent]:
    found: dict[str, AccessEvent] = {}
    for file in log_files(folder):
        beside = mapping_beside(file)
        for event in read_events(file, zone=ZONE, mapping=load_mapping(beside) if beside else None):
            assert isinstance(event, AccessEvent), event
            assert event.event_id is not None and event.event_id not in found
            found[event.event_id] = event
    return found


#: What one of the two systems does not write: FHIR has no session, the HIS export no purpose, override or duration.
LOST = {
    "fhir-r4": {"session_id", "resource", "query", "site"},
    "delimited:simulated-his": {"purpose", "breakglass", "duration_ms"},
    "hospital": set(),
}
SAME = (
    "time", "account", "patients", "action", "resource", "count", "purpose", "breakglass", "outcome", "system", "workstation",
    "ip", "site", "session_id", "query", "duration_ms", "kind",
)  # fmt: skip


def told(event: AccessEvent, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(event, name) for name in names}


def test_both_hands_tell_the_same_events(folders: tuple[Path, Path]) -> None:
    plain, foreign = read(folders[0]), read(folders[1])
    assert set(plain) == set(foreign) and len(plain) > 3000
    assert {event.format for event in foreign.values()} == set(LOST)
    for key, event in plain.items():
        other = foreign[key]
        names = [name for name in SAME if name not in LOST[other.format]]
        if other.duration_ms is None or other.duration_ms != event.duration_ms:
            names = [name for name in names if name != "duration_ms"]
        if event.count != 1 and other.format == "fhir-r4":
            names.remove("count")  # an audit event has no number of hits
        assert told(other, names) == told(event, names), key


def test_what_fhir_wraps_is_there_all_the_same(folders: tuple[Path, Path]) -> None:
    plain, foreign = read(folders[0]), read(folders[1])
    searches = [e for e in foreign.values() if e.format == "fhir-r4" and e.query]
    touches = [e for e in foreign.values() if e.format == "fhir-r4" and e.patients]
    assert searches and touches
    for event in searches:
        assert event.query == f"GET https://emr.invalid/fhir/Patient?name={plain[event.event_id or ''].query}"
    for event in touches:
        assert event.resource == plain[event.event_id or ""].resource
        assert event.site == plain[event.event_id or ""].site


def test_columns_hold_what_the_events_say(folders: tuple[Path, Path]) -> None:
    for file in log_files(folders[1]):
        beside = mapping_beside(file)
        mapping = load_mapping(beside) if beside else None
        events = [e for e in read_events(file, zone=ZONE, mapping=mapping) if isinstance(e, AccessEvent)]
        batches = list(read_batches(file, zone=ZONE, mapping=mapping, rows=500))
        rows = [row for batch in batches for row in batch.events.to_pylist()]
        assert [row["position"] for row in rows] == [event.position for event in events]
        assert [(row["time"], row["account"], row["patient_id"]) for row in rows] == [
            (event.time, event.account, event.patients[0] if event.patients else None) for event in events
        ]
        assert sum(batch.records for batch in batches) == len(events)
        assert batches[-1].done == batches[-1].size == file.stat().st_size


@pytest.mark.parametrize("workers", [1, 3])
def test_several_processes_give_the_same_columns_in_the_same_order(folders: tuple[Path, Path], workers: int) -> None:
    for file in log_files(folders[1]):
        beside = mapping_beside(file)
        mapping = load_mapping(beside) if beside else None
        alone = [b.events for b in read_batches(file, zone=ZONE, mapping=mapping, rows=10**9)]
        crew = [b.events for b in read_batches(file, zone=ZONE, mapping=mapping, rows=10**9, workers=workers)]
        assert len(alone) == len(crew) == 1
        assert alone[0].equals(crew[0])
