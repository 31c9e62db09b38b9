# SPDX-License-Identifier: Apache-2.0
"""From the raw spool into the store: messages of HL7 become context, and what cannot be stored now waits."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from tests.listening import Live, a_home, asked, audit, connection, store_all, wait_for
from wardkeep.jobs import storing
from wardkeep.jobs.listen.places import live_folder, spool_key
from wardkeep.jobs.listen.rawspool import Heard, RawSpool
from wardkeep.jobs.storing import Storing
from wardkeep.watch.hl7 import framed
from wardkeep.watch.store import StoreError, folder

ADMITTED = (
    b"MSH|^~\\&|HIS|H|WK|H|2026030208000%d+0800||ADT^A01|M%d|P|2.4\rEVN|A01|20260302080000+0800\r"
    b"PID|1||P%d^^^H^MR||Invented^Name||19700101|F\rPV1|1|I|W1^101^1|||||||||||||||||V%d|||||||||||||||||||||||||20260302080000+0800\r"
)


def spool(home: Any, name: str, *bodies: bytes) -> None:
    """What a listener would have kept."""
    made = RawSpool(live_folder(home) / name, kek=spool_key(home, name), limit=64 << 20)
    for body in bodies:
        made.append([Heard(1_772_424_000_000_000, "message", "10.0.0.7", body)])
    made.close()


def test_an_admission_that_was_heard_is_known_as_context(tmp_path: Path) -> None:
    home = a_home(tmp_path, {"adt": {"protocol": "mllp"}})
    with Live(home) as live, connection(live.address("adt")) as sock:
        for n in range(1, 4):
            sock.sendall(framed(ADMITTED % (n, n, n, n)))
        wait_for(lambda: live.ports["adt"].counts.kept == 3, "three messages are durable")
    store_all(home)
    assert home.store().known_table("patients").num_rows == 3
    kinds = asked(home, "SELECT format, kind, count(*) FROM all_events WHERE format LIKE 'hl7%' GROUP BY ALL")
    assert [(kind, count) for _, kind, count in kinds] == [("other", 3)]


def test_a_message_that_a_reader_stumbles_over_is_set_aside_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.watch.intake.fhir import FhirReader

    whole = FhirReader.document

    def stumbles(self: FhirReader, data: bytes) -> Any:
        if b"P2" in data:
            raise RecursionError("P2")
        return whole(self, data)

    monkeypatch.setattr(FhirReader, "document", stumbles)
    home = a_home(tmp_path, {"fhir": {"protocol": "http"}})
    spool(home, "fhir", *(audit(n) for n in (1, 2, 3)))
    store_all(home)
    assert asked(home, "SELECT patient_id FROM events ORDER BY 1") == [("P1",), ("P3",)]
    (piece,) = home.store().pieces()
    assert (piece.raw, piece.reason, piece.position) == (audit(2), "reader-failed: RecursionError", "2")


def test_what_a_full_disk_does_not_take_waits_and_is_stored_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = a_home(tmp_path, {"fhir": {"protocol": "http"}})
    spool(home, "fhir", *(audit(n) for n in range(20)))
    storing = Storing(home)

    def full(*_: Any, **__: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folder.Folder, "write", full)
    for _ in range(3):
        with pytest.raises(StoreError, match="No space left"):
            storing.round()
    monkeypatch.undo()
    assert len(list((live_folder(home) / "fhir").glob("*.wkr"))) == 1
    storing.round()
    assert asked(home, "SELECT count(*), count(DISTINCT patient_id) FROM events") == [(20, 20)]
    assert not list((live_folder(home) / "fhir").glob("*.wkr"))


def test_a_spool_that_cannot_be_opened_is_kept_named_and_stops_nothing(tmp_path: Path) -> None:
    home = a_home(tmp_path, {"fhir": {"protocol": "http"}})
    spool(home, "fhir", audit(1))
    spool(home, "fhir", audit(2))
    first, _ = sorted((live_folder(home) / "fhir").glob("*.wkr"))
    raw = bytearray(first.read_bytes())
    raw[20] ^= 1
    first.write_bytes(raw)
    store_all(home)
    assert asked(home, "SELECT patient_id FROM events") == [("P2",)]
    (piece,) = home.store().pieces()
    assert piece.reason.startswith("spool-damaged: ")
    assert (live_folder(home) / "fhir" / f"{first.stem}.damaged").read_bytes() == raw


def test_what_a_listener_heard_is_stored_when_the_settings_no_longer_name_it(tmp_path: Path) -> None:
    spool(a_home(tmp_path, {"fhir": {"protocol": "http"}}), "fhir", audit(1))
    home = a_home(tmp_path, {"other": {"protocol": "http"}})
    store_all(home)
    assert asked(home, "SELECT patient_id, source FROM events") == [("P1", "fhir/10.0.0.7")]


def test_acknowledged_messages_that_are_gone_from_the_spool_are_told(tmp_path: Path) -> None:
    home = a_home(tmp_path, {"fhir": {"protocol": "http"}})
    for n in range(4):
        spool(home, "fhir", audit(3 * n), audit(3 * n + 1), audit(3 * n + 2))
    files = sorted((live_folder(home) / "fhir").glob("*.wkr"))
    later = files.pop().read_bytes()
    last = live_folder(home) / "fhir" / f"{10:016d}.wkr"
    last.unlink()
    files[1].unlink()  # by whom ever
    storing = store_all(home)
    storing._tell("")
    last.write_bytes(later)
    store_all(home)
    sql = "SELECT count, kind, outcome FROM all_events WHERE resource = 'wardkeep:gap'"
    assert asked(home, sql) == [(3, "other", "failure")]
    assert asked(home, "SELECT count(*) FROM events") == [(9,)]


def test_totals_go_on_after_a_start(tmp_path: Path) -> None:
    home = a_home(tmp_path, {"fhir": {"protocol": "http"}})
    for n in (1, 2):
        spool(home, "fhir", audit(n))
        storing = Storing(home)
        storing.round()
        storing._tell("")
    assert (storing.totals.accepted, storing.totals.listeners["fhir"].messages) == (2, 2)


def test_a_kill_after_storing_makes_no_loss_of_what_was_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = a_home(tmp_path, {"fhir": {"protocol": "http"}})
    spool(home, "fhir", audit(1))
    store_all(home)._tell("")
    spool(home, "fhir", audit(2), audit(3))
    monkeypatch.setattr(Storing, "_count", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        store_all(home)
    monkeypatch.undo()
    assert not list((live_folder(home) / "fhir").glob("*.wkr"))
    spool(home, "fhir", audit(4))
    store_all(home)
    assert asked(home, "SELECT count(*) FROM all_events WHERE resource = 'wardkeep:gap'") == [(0,)]
    assert asked(home, "SELECT patient_id FROM events ORDER BY 1") == [("P1",), ("P2",), ("P3",), ("P4",)]


def test_a_kill_between_storing_and_removing_makes_no_loss_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = a_home(tmp_path, {"fhir": {"protocol": "http"}})
    spool(home, "fhir", audit(1), audit(2))
    spool(home, "fhir", audit(3))

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "unlink", dies)
    with pytest.raises(KeyboardInterrupt):
        store_all(home)
    monkeypatch.undo()
    store_all(home)
    assert asked(home, "SELECT count(*) FROM all_events WHERE resource = 'wardkeep:gap'") == [(0,)]
    assert asked(home, "SELECT patient_id FROM events ORDER BY 1") == [("P1",), ("P2",), ("P3",)]


def test_a_backlog_of_hl7_is_taken_round_after_round_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "AT_ONCE", 1)
    home = a_home(tmp_path, {"adt": {"protocol": "mllp"}}, load_every=3600)
    for n in range(1, 5):
        spool(home, "adt", ADMITTED % (n, n, n, n))
    store_all(home)
    assert home.store().known_table("patients").num_rows == 4
    assert not list((live_folder(home) / "adt").glob("*.wkr"))
