# SPDX-License-Identifier: Apache-2.0
"""JSON that lines do not divide, whole and broken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.intake.reading import read, refused
from tests.unit.intake.test_fhir import audit
from wardkeep.watch.event import AccessEvent, Rejected


def bundle(*resources: object, indent: int | None = None) -> bytes:
    entries = [{"fullUrl": f"urn:uuid:{i}", "resource": r} for i, r in enumerate(resources)]
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries}, indent=indent).encode()


def told(data: bytes, name: str = "x.json") -> list[tuple[str, str]]:
    """Id or reason, and position."""
    return [
        (str(e.event_id) if isinstance(e, AccessEvent) else e.reason.partition(":")[0], e.position)
        for e in read(data, name)
    ]


@pytest.mark.parametrize("indent", [None, 2])
def test_every_entry_of_a_bundle_has_its_place(indent: int | None) -> None:
    data = bundle(audit(id="a"), {"resourceType": "OperationOutcome"}, audit(id=None), indent=indent)
    assert told(data) == [("a", "Bundle.entry[0]"), ("not-audit", "Bundle.entry[1]"), ("urn:uuid:2", "Bundle.entry[2]")]


def test_an_entry_without_a_resource_is_named() -> None:
    data = json.dumps(
        {"resourceType": "Bundle", "entry": [{"response": {"status": "201"}}, 7, {"resource": None}]}
    ).encode()
    assert [reason for reason, _ in told(data)] == ["no-resource", "not-json", "no-resource"]


@pytest.mark.parametrize("data", [bundle(), b'{"resourceType":"Bundle"}', b"[]", b"  \n ", b"\xef\xbb\xbf"])
def test_a_document_without_a_record_gives_one_line(data: bytes) -> None:
    assert refused(data, "x.json").reason.startswith(("empty", "unknown-format"))


def test_a_list_of_resources_and_one_resource() -> None:
    assert told(json.dumps([audit(id="a"), 3, audit(id="b")]).encode()) == [
        ("a", "[0]"),
        ("unknown-format", "[1]"),
        ("b", "[2]"),
    ]
    assert told(json.dumps(audit(id="a"), indent=3).encode()) == [("a", "1")]


def test_a_bundle_in_a_line_among_lines() -> None:
    lines = [
        json.dumps(audit(id="a")).encode(),
        bundle(audit(id="b"), audit(id="c")),
        json.dumps(audit(id="d")).encode(),
    ]
    assert told(b"\n".join(lines), "x.ndjson") == [
        ("a", "1"),
        ("b", "2:Bundle.entry[0]"),
        ("c", "2:Bundle.entry[1]"),
        ("d", "3"),
    ]


def test_two_records_on_one_line_are_two() -> None:
    a, b = (json.dumps(audit(id=i)).encode() for i in "ab")
    assert told(a + b + b"\n" + a, "x.ndjson")[:2] == [("a", "1[0]"), ("b", "1[1]")]
    torn = told(a[:40] + b + b"\n" + a, "x.ndjson")  # a write that was cut, and the next one behind it
    assert torn == [("not-json", "1[0]"), ("b", "1[1]"), ("a", "2")]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("cut", [b'"who"', b'"recorded": ', b"{", b'": "R"', b"]"])
def test_a_broken_entry_costs_itself(indent: int | None, cut: bytes) -> None:
    good = [audit(id=i) for i in "abcde"]
    data = bundle(*good, indent=indent)
    start = data.index(b'"id": "c"')
    at = data.index(cut, start)
    found = read(data[:at] + data[at + len(cut) :], "x.json")
    assert [e.event_id for e in found if isinstance(e, AccessEvent)] == ["a", "b", "d", "e"]
    assert sum(isinstance(e, Rejected) for e in found) == 1


def test_a_bundle_that_was_cut_off_keeps_what_was_whole_and_says_so() -> None:
    data = bundle(*(audit(id=i) for i in "abc"))
    found = read(data[: data.index(b'"id": "c"')], "x.json")
    assert [getattr(e, "event_id", None) for e in found] == ["a", "b", None]
    whole_entries = read(data[: data.rindex(b"]}")], "x.json")
    assert [getattr(e, "event_id", None) for e in whole_entries] == ["a", "b", "c", None]
    assert isinstance(whole_entries[-1], Rejected) and "around its records" in whole_entries[-1].reason


def test_an_entry_that_swallows_its_neighbours_is_not_believed() -> None:
    a, b, c = (json.dumps({"resource": audit(id=i)}).encode() for i in "abc")
    # Without its end, a takes b and c for more of its agents; the Bundle's end then closes it.
    data = b'{"resourceType":"Bundle","entry":[' + a.replace(b"}]", b"}", 1)[:-2] + b"," + b + b"," + c + b"]}"
    assert [e.event_id for e in read(data, "x.json") if isinstance(e, AccessEvent)] == ["b", "c"]


@pytest.mark.parametrize(
    "data",
    [
        b"{" * 300_000,
        b"[" * 300_000,
        b'{"a":' * 100_000,
        b'{"resourceType":"AuditEvent",' * 20_000,
        b'{"' * 100_000,
        b"{}" * 100_000,
    ],
)
def test_hostile_nesting_ends_soon(data: bytes) -> None:
    found: list[Any] = read(data, "x.json")
    assert found and all(isinstance(e, Rejected) for e in found)
    assert sum(len(e.raw) for e in found if not e.truncated) <= len(data)
