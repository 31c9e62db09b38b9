# SPDX-License-Identifier: Apache-2.0
"""What a file is, by its first bytes."""

from __future__ import annotations

import gzip
import json
import zipfile
from io import BytesIO

import pytest

from tests.unit.intake.reading import read, refused
from tests.unit.intake.test_fhir import audit
from wardkeep.watch.event import AccessEvent
from wardkeep.watch.intake import UnknownFormat
from wardkeep.watch.intake.limits import KEEP, RECORD


def zipped() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "<x/>")
    return out.getvalue()


@pytest.mark.parametrize(
    "data, name",
    [
        (zipped(), "zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "old Office file"),
        (b"%PDF-1.7\n", "PDF"),
        (b"BZh91AY", "bzip2"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"SQLite format 3\x00", "SQLite"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Audit/>', "XML"),
        (b"  <html>", "HTML"),
        (gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), "gzip inside gzip"),
        (b"user;patient\nu1;P1\n", "text without a mapping"),
        (bytes(range(256)) * 4, "no format that a reader takes"),
    ],
)
def test_what_no_reader_takes_is_named_and_kept(data: bytes, name: str) -> None:
    piece = refused(data, "delivery.dat")
    assert piece.reason.startswith("unknown-format: ") and name in piece.reason
    assert piece.position == "1" and not piece.truncated


def test_of_a_large_file_of_no_known_format_the_begin_is_kept() -> None:
    piece = refused(b"%PDF-1.7\n" + bytes(RECORD), "a.pdf")
    assert len(piece.raw) == KEEP and piece.truncated


def test_a_file_without_a_byte_is_still_named() -> None:
    assert refused(b"", "events.csv").reason == "empty: the file holds no byte"
    assert refused(b"time,account,action\n", "events.csv").reason == "empty: the file holds no record"


def test_lines_are_told_from_a_document_by_what_stands_in_them() -> None:
    lines = b"".join(json.dumps(audit(id=i)).encode() + b"\n" for i in "abc")
    for name in ("audit.json", "audit.log", "audit.ndjson"):
        found = read(lines, name)
        assert [getattr(e, "position", None) for e in found] == ["1", "2", "3"]
    broken = b"garbage\n" + lines
    assert [getattr(e, "event_id", None) for e in read(b"{" + broken, "audit.json")] == [None, "a", "b", "c"]


def test_an_events_file_is_known_by_its_header_or_its_name() -> None:
    row = b"2026-03-02T08:15:00+08:00,u1,login\n"
    assert isinstance(read(b"time,account,action\n" + row, "dump.txt")[0], AccessEvent)
    assert refused(b"when,account,action\n" + row, "events-3.csv").reason.startswith("bad-header")


def test_a_format_that_is_asked_for_is_taken_at_its_word() -> None:
    assert refused(b"PK\x03\x04", "x", form="fhir").reason.startswith("not-json")
    with pytest.raises(UnknownFormat, match="'xml'"):
        read(b"x", "x", form="xml")
    with pytest.raises(UnknownFormat, match="needs a mapping"):
        read(b"x", "x", form="delimited")
