# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.intake.ocsf.events import event, written
from tests.unit.intake.reading import one, read, refused
from tests.unit.intake.test_fhir import audit
from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake.cutting import Block
from wardkeep.watch.intake.ocsf import reader
from wardkeep.watch.intake.ocsf.reader import OcsfReader
from wardkeep.watch.intake.row import Row

EVENTS = [event(resources=[{"type": "Patient", "uid": f"P{i}"}]) for i in range(5)]
LINES = b"\n".join(written(e) for e in EVENTS)
LIST = written(EVENTS)
TALL = written(EVENTS, indent=2)
STREAM = b"\n".join(written(e, indent=1) for e in EVENTS)
MARK = b"\xef\xbb\xbf"


def patients(data: bytes, name: str = "delivery.log") -> list[str]:
    found = read(data, name)
    assert all(isinstance(e, AccessEvent) for e in found), found
    return [p for e in found if isinstance(e, AccessEvent) for p in e.patients]


@pytest.mark.parametrize("data", [LINES, LIST, TALL, STREAM, LINES + b"\n", LINES.replace(b"\n", b"\r\n\r\n")])
@pytest.mark.parametrize("mark", [b"", MARK])
def test_lines_lists_and_objects_are_read_without_being_told(data: bytes, mark: bytes) -> None:
    assert patients(mark + data) == [f"P{i}" for i in range(5)]


def test_positions_are_lines_or_places_in_the_list() -> None:
    assert [e.position for e in read(LINES, "a.jsonl")] == ["1", "2", "3", "4", "5"]
    assert [e.position for e in read(TALL, "a.json")] == ["[0]", "[1]", "[2]", "[3]", "[4]"]
    assert [e.position for e in read(LINES + b"\n" + LIST, "a.json")][4:8] == ["5", "6:[0]", "6:[1]", "6:[2]"]
    assert one(written(EVENTS[0], indent=2), "a.json").position == "1"


def test_a_damaged_record_costs_itself() -> None:
    for data, position in ((LINES, "3"), (LIST, "[2]"), (TALL, "[2]"), (STREAM, "[2]")):
        at = data.index(b'"P2"')
        for broken in (data[:at] + b"{" + data[at:], data[:at] + b'"' + data[at:], data[: at - 30] + data[at:]):
            found = read(broken, "a.json")
            bad = [e for e in found if isinstance(e, Rejected)]
            whole = [p for e in found if isinstance(e, AccessEvent) for p in e.patients]
            assert len(bad) == 1 and bad[0].position == position and bad[0].format == "ocsf", (position, found)
            assert whole == ["P0", "P1", "P3", "P4"]


def test_a_list_that_never_ends_is_named() -> None:
    found = read(LIST[:-1], "a.json")
    assert len(found) == 6 and isinstance(found[5], Rejected) and found[5].reason.startswith("not-json: the document")


def test_a_line_cut_off_and_a_whole_one_behind_it() -> None:
    first, second = written(EVENTS[0]), written(EVENTS[1])
    found = read(LINES + b"\n" + first[:200] + second + b"\n", "a.json")[5:]
    assert [type(e) for e in found] == [Rejected, AccessEvent]
    assert [e.position for e in found] == ["6:[0]", "6:[1]"]


@pytest.mark.parametrize(
    "data, reason",
    [
        (b'{"class_uid": 6003}', "bad-time"),
        (b'{"class_uid": "x", "time": 1}', "not-ocsf"),
        (b'[{"class_uid": 6003, "time": 1772410500}, 7]', "not-ocsf"),
        (b'{"class_uid": 6003, "time": 1772410500', "not-json"),
        (b'{"class_uid": 6003, "time": 1772410500, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too-deep"),
        (b'{"class_uid": 6003, "time": 1772410500, "message": "\xff"}', "not-json"),
        (b'{"class_uid": 6003, "time": 1772410500, "message": "\\ud800"}', "not-json"),
    ],
)
def test_what_is_broken_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    bad = [e for e in read(data, "a.json") if isinstance(e, Rejected)]
    assert len(bad) == 1 and bad[0].reason.split(":")[0] in (reason, "bad-encoding", "not-json", "too-deep")
    assert bad[0].raw in data


def test_fhir_stays_fhir_and_a_body_that_is_logged_is_no_fhir() -> None:
    resource = audit()
    found = one(json.dumps(resource | {"extension": [{"url": "x", "class_uid": 1}]}).encode(), "a.json")
    assert found.format.startswith("fhir")
    logged = {"api": {"request": {"data": {"resourceType": "AuditEvent"}}}} | event()
    assert one(written(logged), "a.json").format == "ocsf"
    assert refused(b'{"name": "package"}', "package.json").format == "fhir"


def test_blocks_hold_whole_records_however_the_stream_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LOOK", 1_000)
    monkeypatch.setattr(reader.cut, "__kwdefaults__", reader.cut.__kwdefaults__ | {"size": 1_000})  # type: ignore[attr-defined]
    for data in (MARK + LINES, MARK + TALL):
        for step in (100, 999, 5_000):
            chunks = iter([data[at : at + step] for at in range(0, len(data), step)])
            taken, at = [], 0
            for block in reader.blocks(chunks, "a.json"):
                assert isinstance(block, Block) and block.offset == at
                at += block.size
                taken += OcsfReader(source="a", zone="Asia/Shanghai").parse(block.data, block.line)
            assert at == len(data)
            assert [r.patients for r in taken if not isinstance(r, Rejected)] == [(f"P{i}",) for i in range(5)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5)
    | st.sampled_from(["Patient", "Patient/7", "2026-03-02T08:15:00Z", "GET /Patient/7", "Failure", "403", "a?b=c"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["user", "name", "uid", "type", "session", "operation", "request", "response", "code", "url", "path", "data",
                 "url_string", "query_string", "ip", "hostname", "product", "patient_id", "patient", "purpose", "id"]
            ),
            inner, max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip
FIELDS = ["metadata", "activity_id", "type_uid", "time", "time_dt", "status_id", "status", "actor", "user", "src_endpoint",
          "device", "dst_endpoint", "resources", "api", "http_request", "unmapped", "enrichments", "file", "table", "duration",
          "start_time", "end_time", "count", "query_info", "session", "message", "disposition_id"]  # fmt: skip


@st.composite
def odd(draw: st.DrawFn) -> dict[str, object]:
    """An event in which any field may hold anything."""
    kind = draw(st.sampled_from([1001, 3001, 3002, 6003, 6005, 6006, 4001]))
    return event(kind) | draw(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6))


@given(st.lists(odd(), min_size=1, max_size=4))
def test_whatever_stands_in_its_fields_an_event_gives_one_result_in_either_form(
    events: list[dict[str, object]],
) -> None:
    lines = b"\n".join(written(e) for e in events)
    found = OcsfReader(source="a", zone="Asia/Shanghai").parse(lines, 2)
    assert len(found) == len(events)
    listed = OcsfReader(source="a", zone="Asia/Shanghai").parse(written(events), 1)
    in_list = [read._replace(position="") for read in listed if isinstance(read, Row)]
    in_lines = [read._replace(position="") for read in found if isinstance(read, Row)]
    if len(in_lines) == len(events):
        assert in_list == in_lines
    else:  # an Infinity is no JSON: it breaks the list, and what is found in its pieces is what stood in the lines
        same = {read.raw_sha256: read for read in in_lines}
        assert [read for read in in_list if same.get(read.raw_sha256, read) != read] == []


@pytest.mark.parametrize("data", [LINES, STREAM])
@pytest.mark.parametrize("damage", [b"x", b"\xff\x00", b'{"resourceType":"Bundle",'])
def test_a_damaged_begin_hides_no_record(data: bytes, damage: bytes) -> None:
    found = read(damage + data[2:], "a.log")
    assert [p for e in found if isinstance(e, AccessEvent) for p in e.patients][-4:] == ["P1", "P2", "P3", "P4"]
    assert all(e.format == "ocsf" for e in found)


def test_a_resource_that_was_pushed_between_two_events_hides_none() -> None:
    at = LIST.index(b'"P2"')
    found = read(LIST[:at] + b'\n{"resourceType":"Patient"}\n' + LIST[at:], "a.json")
    assert [p for e in found if isinstance(e, AccessEvent) for p in e.patients] == ["P0", "P1", "P3", "P4"]
