# SPDX-License-Identifier: Apache-2.0
"""HL7 that is heard: acknowledged, stored as events, and what it tells of care loaded, each once."""

from __future__ import annotations

from pathlib import Path

from tests.listening import Live, a_home, asked, connection, store_all
from tests.unit.hospital.messages.feed import PATIENT, message, pv1
from wardkeep.watch.hl7 import framed

ADMIT = message("ADT^A01", "1", "20260302080000", PATIENT, pv1(f2="I", f3="W1", f19="V1"))
MOVE = message("ADT^A02", "2", "20260303080000", PATIENT, pv1(f2="I", f3="W2", f6="W1", f19="V1"))
BROKEN = message("ADT^A03", "3", "20260304080000", PATIENT, pv1(f2="I", f19="V1", f45="soon"))


def test_what_a_heard_message_tells_of_care_is_loaded(tmp_path: Path) -> None:
    home = a_home(tmp_path, {"adt": {"protocol": "mllp"}})
    for messages in ((MOVE, BROKEN), (ADMIT, MOVE)):
        with Live(home) as live, connection(live.address("adt")) as sock:
            answered = b""
            for one in messages:
                sock.sendall(framed(one))
            while answered.count(b"MSA|AA|") < len(messages):
                answered += sock.recv(4096)
        store_all(home)
    assert asked(home, "SELECT encounter_id, department, end_us FROM encounters") == [("V1", "W1", None)]
    assert asked(home, "SELECT from_department, to_department FROM transfers") == [("W1", "W2")]
    known = "SELECT event_id FROM all_events WHERE format = 'hl7' ORDER BY 1"
    assert asked(home, known) == [("HIS/H/1",), ("HIS/H/2",)]
    assert [piece.reason.partition(":")[0] for piece in home.store().pieces()] == ["bad-time"]
