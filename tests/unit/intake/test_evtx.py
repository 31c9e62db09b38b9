# SPDX-License-Identifier: Apache-2.0
"""Event logs of Windows: what is said in them, and what hostile ones cost."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from tests.evtx import FIRST, SIZE, Event, chunk, log, templated
from tests.unit.intake.reading import read
from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake import as_line, reread
from wardkeep.watch.intake.windows import decoding, evtx
from wardkeep.watch.intake.windows.chunks import walk

LOGON = {"TargetUserName": "wang", "IpAddress": "::ffff:10.0.0.7", "WorkstationName": "PC-7", "LogonType": "3",
         "SubjectUserName": "-", "TargetLogonId": "0x99"}  # fmt: skip
FAILED = "0x8010000000000000"


def lines(data: bytes) -> list[dict[str, object]]:
    return [as_line(one) for one in read(data, "security.evtx") if isinstance(one, AccessEvent)]


def test_events_of_the_security_log_are_read_with_who_acted_and_where() -> None:
    events = [
        Event(11, 4624, LOGON),
        Event(12, 4625, {**LOGON, "Status": "0xc000006d"}, keywords=FAILED),
        Event(13, 4648, {"SubjectUserName": "wang", "TargetUserName": "admin", "IpAddress": "-"}),
        Event(14, 4720, {"SubjectUserName": "wang", "TargetUserName": "王芳"}),
        Event(15, 1102, {"SubjectUserName": "wang"}, user_data="LogFileCleared"),
        Event(16, 4776, {"TargetUserName": "li", "Workstation": "PC-9", "Status": "0xc0000064"}),
        Event(17, 4624, {"TargetUserName": "li", "LogonType": "2"}),
        Event(18, 4672, {"SubjectUserName": "wang"}),
        Event(19, 4624, LOGON, channel="Application"),
        Event(20, 4647, {"TargetUserName": "wang"}),
    ]
    found = lines(log(chunk(events[:6])[0], chunk(events[6:])[0]))
    due: list[dict[str, object]] = [
        {"event_id": f"DC1.hospital.example/Security/11/{events[0].filetime}", "account": "wang", "action": "login",
         "ip": "10.0.0.7", "workstation": "PC-7", "session_id": "0x99", "outcome": "success", "action_code": "4624",
         "server": "DC1.hospital.example", "format": "evtx", "time": "2026-03-02T00:15:00+00:00", "system": "Windows",
         "source": {"file": "security.evtx", "position": "chunk[1].record[0]"}},
        {"action": "login", "outcome": "failure", "status": "0xc000006d"},
        {"account": "wang", "target_account": "admin", "ip": None},
        {"account": "wang", "target_account": "王芳", "action": "create", "resource": "account"},
        {"account": "wang", "action": "delete", "resource": "security log"},
        {"account": "li", "outcome": "failure", "workstation": "PC-9"},
        {"workstation": "DC1.hospital.example", "source": {"file": "security.evtx", "position": "chunk[2].record[0]"}},
        {"kind": "other", "account": "wang"}, {"kind": "other", "channel": "Application"}, {"action": "logout"},
    ]  # fmt: skip
    assert len(found) == len(due)
    for line, expected in zip(found, due, strict=True):
        assert {key: line.get(key) for key in expected} == expected


def test_records_of_a_template_are_read_and_a_broken_one_costs_those_that_need_it() -> None:
    events = [Event(i, 4625, {**LOGON, "TargetUserName": f"u{i}"}, keywords=FAILED) for i in range(1, 9)]
    data, spans = templated(events)
    told = lines(log(data))
    assert [line["account"] for line in told] == [f"u{i}" for i in range(1, 9)]
    assert told[7] == {**told[7], "outcome": "failure", "ip": "10.0.0.7", "workstation": "PC-7", "action_code": "4625",
                       "server": "DC1.hospital.example", "provider": "Microsoft-Windows-Security-Auditing"}  # fmt: skip
    start, end = spans[4]
    broken = data[:start] + b"\x00" * 8 + data[start + 8 : end] + data[end:]
    found = read(log(broken), "security.evtx")
    assert [isinstance(one, Rejected) for one in found] == [i == 4 for i in range(8)]
    at = spans[0][0] + 24 + 14 + 24  # the template itself: what it made of the records is gone, and each is kept
    broken = data[:at] + bytes(200) + data[at + 200 :]
    found = read(log(broken), "security.evtx")
    assert len(found) == 8 and all(
        len(one.raw) == b - a for one, (a, b) in zip(found, spans, strict=True) if isinstance(one, Rejected)
    )


def test_a_template_that_holds_itself_ends() -> None:
    data, spans = templated([Event(i, 4624, LOGON) for i in range(1, 4)])
    place = spans[0][0] + 24 + 14
    mark = data.index(b"\x0d\x00\x00\x06", place)
    nested = b"\x0c\x01" + struct.pack("<II", 0x5EC, place)
    for at in (mark, place + 24 + 4):
        hostile = data[:at] + nested + data[at + len(nested) :]
        found = read(log(hostile), "security.evtx")
        assert found and all(isinstance(one, Rejected | AccessEvent) for one in found)


def test_the_same_event_of_two_exports_has_the_same_name() -> None:
    events = [Event(i, 4624, LOGON) for i in range(11, 15)]
    one, other = lines(log(chunk(events)[0])), lines(log(chunk(events[2:])[0]))
    assert {line["event_id"] for line in other} < {line["event_id"] for line in one}


def test_chunks_that_are_empty_are_nothing_and_what_is_no_chunk_is_kept() -> None:
    good = chunk([Event(1, 4624, LOGON)])[0]
    found = read(log(good, b"\0" * SIZE, b"x" * SIZE, good[:2000]), "security.evtx")
    assert [type(one).__name__ for one in found] == ["AccessEvent", "Rejected", "AccessEvent"]
    assert isinstance(found[1], Rejected) and (found[1].position, found[1].reason[:8]) == ("chunk[3]", "no-chunk")
    assert len(found[1].raw) == SIZE


@pytest.mark.parametrize("size", [8, 100, 4096, 4097, 4600])
def test_a_file_that_was_cut_early_is_one_piece(size: int) -> None:
    (found,) = read(log(chunk([Event(1, 4624, LOGON)])[0])[:size], "security.evtx")
    assert isinstance(found, Rejected)


def test_a_broken_record_costs_itself_wherever_it_is_broken() -> None:
    data, spans = chunk([Event(i, 4624, LOGON) for i in range(1, 9)])
    for hit in (0, 3, 7):
        start, end = spans[hit]
        for at in (start, start + 5, end - 2):
            broken = bytearray(data)
            broken[at] ^= 0x55
            found = read(log(bytes(broken)), "security.evtx")
            assert [isinstance(one, Rejected) for one in found] == [i == hit for i in range(8)], (hit, at - start)
            assert isinstance(found[hit], Rejected) and found[hit].raw == bytes(broken[start:end])


def test_a_record_that_is_read_again_without_its_chunk_says_so() -> None:
    data, spans = chunk([Event(i, 4624, LOGON) for i in range(1, 3)])
    broken = data[: spans[0][0] + 24] + b"\xee" * 8 + data[spans[0][0] + 32 :]
    first, _ = read(log(broken), "security.evtx")
    assert isinstance(first, Rejected) and first.reason.startswith("not-xml: ")
    (again,) = reread(first, zone="UTC")
    assert (
        isinstance(again, Rejected)
        and again.reason.startswith("record-alone: ")
        and again.position == "chunk[1].record[0]"
    )


def test_a_gap_too_small_for_a_record_is_a_piece_of_its_own() -> None:
    data, spans = chunk([Event(i, 4624, LOGON) for i in range(1, 4)])
    at = spans[1][0]
    widened = data[:at] + b"\x07" * 8 + data[at : spans[2][1]]
    head = bytearray(widened.ljust(SIZE, b"\0"))
    struct.pack_into("<I", head, 124, 0)
    kinds = [one.whole for one in walk(bytes(head))]
    assert kinds == [True, False, True, True]
    found = read(log(bytes(head)), "security.evtx")
    assert [type(one).__name__ for one in found][:2] == ["AccessEvent", "Rejected"]


def test_records_of_an_earlier_use_behind_the_end_are_not_read() -> None:
    old, _ = chunk([Event(i, 4624, LOGON) for i in range(1, 9)])
    new, spans = chunk([Event(50, 4624, LOGON)])
    end = spans[0][1]
    assert len(lines(log(new[:end] + old[end:]))) == 1


def test_without_the_package_the_file_is_one_piece_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evtx, "installed", lambda: False)
    (found,) = read(log(*[chunk([Event(1, 4624, LOGON)])[0]] * 40), "security.evtx")
    assert isinstance(found, Rejected) and "wardkeep[evtx]" in found.reason and found.truncated


def test_a_decoder_that_dies_or_hangs_costs_its_chunk_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    whole = decoding.Decoder.decode

    def decode(self: decoding.Decoder, data: bytes) -> list[tuple[int, str | None]]:
        nonlocal asked
        asked += 1
        if asked == 2:
            process = self._process or self._start()
            process.kill()
            process.wait()
        return whole(self, data)

    monkeypatch.setattr(decoding.Decoder, "decode", decode)
    good = chunk([Event(1, 4624, LOGON)])[0]
    found = read(log(good, good, good), "security.evtx")
    assert [type(one).__name__ for one in found] == ["AccessEvent", "Rejected", "AccessEvent"]
    assert isinstance(found[1], Rejected) and found[1].reason.startswith("hostile: ") and len(found[1].raw) == SIZE


def test_a_decoder_that_takes_too_long_is_ended() -> None:
    decoder = decoding.Decoder(patience=0.0)
    with pytest.raises(decoding.DecoderDied):
        for _ in range(100):  # a patience of nothing ends it at the latest when the next chunk is asked
            decoder.decode(b"\0" * (1 << 20))
    decoder.close()


def test_the_process_that_decodes_has_limits() -> None:
    decoder = decoding.Decoder()
    assert decoder.decode(log(chunk([Event(1, 4624, LOGON)])[0]))[0][0] == 1
    assert decoder._process is not None
    limits = Path(f"/proc/{decoder._process.pid}/limits").read_text()
    told = {line[:20].strip(): line.split()[3:5] for line in limits.splitlines()}
    assert told["Max address space"][0] == str(1 << 30) and told["Max cpu time"][0] == "600"
    decoder.close()


def test_a_decoder_that_takes_all_memory_or_all_time_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = decoding.CHILD.read_text("utf-8")
    hungry = source.replace(
        "    found: list[tuple[int, str | None]] = []\n", "    found = [bytes(1 << 28) for _ in range(99)]\n"
    )
    endless = source.replace("    found: list[tuple[int, str | None]] = []\n", "    while True:\n        pass\n")
    for text, patience in ((hungry, 30.0), (endless, 0.5)):
        assert text != source
        monkeypatch.setattr(decoding, "CHILD", tmp_path / "child.py")
        (tmp_path / "child.py").write_text(text, "utf-8")
        decoder = decoding.Decoder(patience)
        with pytest.raises(decoding.DecoderDied):
            decoder.decode(log(chunk([Event(1, 4624, LOGON)])[0]))


def test_noise_of_every_kind_is_refused_and_the_reader_lives_on() -> None:
    chance = random.Random(7)
    reader = evtx.reader("x.evtx", "UTC", None)
    good, spans = chunk([Event(i, 4624, LOGON) for i in range(1, 12)])
    for _ in range(60):
        data = bytearray(good)
        for _ in range(chance.choice((1, 5, 50))):
            at = chance.randrange(FIRST, spans[-1][1])
            data[at : at + 4] = chance.randbytes(4)
        assert reader.parse(bytes(data), 1)
    noise = bytearray(chance.randbytes(SIZE))
    noise[:8] = b"ElfChnk\0"
    assert all(isinstance(one, Rejected) for one in reader.parse(bytes(noise), 1))
    assert [type(one).__name__ for one in reader.parse(good, 1)] == ["Row"] * 11


def test_a_name_or_element_that_points_at_itself_ends() -> None:
    data, spans = chunk([Event(1, 4624, LOGON)])
    record = data[spans[0][0] : spans[0][1]]
    for token in (b"\x0c", b"\x0f\x01\x01\x00", b"\x01", b"\x0d", b"\x05\x21"):
        body = bytearray(record)
        again = (token + b"\x01" + struct.pack("<IIIII", 0, FIRST + 28, 0, FIRST + 24, 0)) * 20
        body[28 : 28 + len(again)] = again[: len(body) - 40]
        (found,) = read(log(data[: spans[0][0]] + bytes(body[: len(record)]) + data[spans[0][1] :]), "x.evtx")
        assert isinstance(found, Rejected | AccessEvent)
