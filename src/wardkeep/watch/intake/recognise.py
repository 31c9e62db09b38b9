# SPDX-License-Identifier: Apache-2.0
"""What a file is, by its first bytes. What no reader takes is named, so that a person knows what was handed over."""

from __future__ import annotations

import csv
import re

import msgspec

from wardkeep.watch.intake.limits import LOOK

#: First bytes, and what they are the mark of.
MARKS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive, or an Office file: unpack it, or save the sheet as CSV"),
    (b"PK\x05\x06", "an empty zip archive"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Office file (xls, doc), or one with a password: save the sheet as .xlsx or CSV, without a password",
    ),
    (b"%PDF-", "PDF"),
    (b"BZh", "bzip2: unpack it first"),
    (b"\xfd7zXZ\x00", "xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "zstd: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip: unpack it first"),
    (b"Rar!\x1a\x07", "RAR: unpack it first"),
    (b"\x1f\x8b", "gzip inside gzip: unpack it first"),
    (b"\x1f\x9d", "compress (.Z): unpack it first"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "Parquet"),
    (b"ARROW1", "Arrow"),
    (b"Obj\x01", "Avro"),
    (b"ORC", "ORC"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"{\\rtf", "RTF"),
    (b"%!PS", "PostScript"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xff\xfe<\0", "XML in UTF-16: save it as UTF-8"),
    (b"\xfe\xff\0<", "XML in UTF-16: save it as UTF-8"),
)
_SYSLOG = re.compile(rb"(?:\d{1,6} )?<\d{1,3}>\d? ?\S")
_HL7 = re.compile(rb"(?:\x0b)?(?:MSH|FHS|BHS)\|\^~\\&")
#: Columns without which a CSV is not the hospital folder's events file.
EVENT_COLUMNS = frozenset({"time", "account", "action"})


class _Kind(msgspec.Struct):
    resourceType: str | None = None


_kind = msgspec.json.Decoder(_Kind)


def stranger(head: bytes) -> str | None:
    """What the file is, where it is surely nothing that a reader takes."""
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64]
    if _SYSLOG.match(start):
        return "syslog (ATNA audit messages, or other)"
    if start.startswith(b"<"):
        return "HTML" if start[:14].lower().startswith((b"<!doctype html", b"<html")) else "XML"
    if _HL7.match(start):
        return "HL7 v2"
    if head[:262].endswith(b"ustar"):
        return "a tar archive: unpack it first"
    return None


def looks_like_json(head: bytes) -> bool:
    """Whether the first thing in the file is a JSON object or list."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def is_lines(name: str, head: bytes) -> bool:
    """Whether JSON stands one record a line: by the file's name, or because most lines are whole resources."""
    if name.removesuffix(".gz").endswith((".ndjson", ".jsonl")):
        return True
    pieces = head.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if len(head) >= LOOK:
        pieces.pop()  # cut off where the look ends
    lines = [line for line in pieces[:200] if line.strip()]
    if len(lines) < 2:
        return False
    return 2 * sum(_is_resource(line) for line in lines if line[:1] == b"{") >= len(lines)


def _is_resource(line: bytes) -> bool:
    try:
        return _kind.decode(line).resourceType is not None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def is_hospital(name: str, head: bytes) -> bool:
    """Whether it is an events file of the hospital folder: by its header, or by its name."""
    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].rstrip(b"\r")
    try:
        columns = next(iter(csv.reader([first.decode()])), [])
    except (UnicodeDecodeError, csv.Error):
        columns = []
    named = name.removesuffix(".gz")
    return set(map(str.strip, columns)) >= EVENT_COLUMNS or (named.startswith("events") and named.endswith(".csv"))
