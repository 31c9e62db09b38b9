# SPDX-License-Identifier: Apache-2.0
"""Event logs of Windows, made here by the published format: a file header, chunks, records of binary XML."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: 100 ns from 1601 to 1970.
EPOCH = 116_444_736_000_000_000
FIRST, SIZE = 512, 65536


@dataclass
class Event:
    """One event of the Security log."""

    number: int
    code: int
    data: Mapping[str, str]
    time_us: int = 1_772_410_500_000_000
    computer: str = "DC1.hospital.example"
    channel: str = "Security"
    keywords: str = "0x8020000000000000"
    user_data: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def filetime(self) -> int:
        return self.time_us * 10 + EPOCH


class _Xml:
    """Binary XML at a place in a chunk; names stand where they are first used."""

    def __init__(self, at: int, template: bool = False) -> None:
        """`template`: elements say on which value they depend; here on none."""
        self.at, self.out = at, bytearray()
        self._depends = b"\xff\xff" if template else b""

    def _name(self, name: str) -> bytes:
        begin = self.at + len(self.out) + 4
        units = name.encode("utf-16-le")
        value = 0
        for unit in struct.unpack(f"<{len(units) // 2}H", units):
            value = (value * 65599 + unit) & 0xFFFFFFFF
        inline = struct.pack("<IHH", 0, value & 0xFFFF, len(name)) + units + b"\0\0"
        return struct.pack("<I", begin) + inline

    def element(self, name: str, text: str | None = None, attributes: Mapping[str, str] | None = None) -> None:
        """A whole element of text."""
        self.open(name, attributes)
        if text is not None:
            self.out += self.text(text)
        self.out += b"\x04"

    @staticmethod
    def text(text: str) -> bytes:
        return b"\x05\x01" + struct.pack("<H", len(text)) + text.encode("utf-16-le")

    def open(self, name: str, attributes: Mapping[str, str] | None = None) -> None:
        """The begin of an element."""
        given = list((attributes or {}).items())
        begin = len(self.out)
        self.out += bytes([0x41 if given else 0x01]) + self._depends + b"\0\0\0\0"
        self.out += self._name(name)
        if given:
            size_at = len(self.out)
            self.out += b"\0\0\0\0"
            for i, (key, value) in enumerate(given):
                self.out += bytes([0x46 if i + 1 < len(given) else 0x06])
                self.out += self._name(key) + self.text(value)
            struct.pack_into("<I", self.out, size_at, len(self.out) - size_at - 4)
        self.out += b"\x02"
        at = begin + 1 + len(self._depends)
        struct.pack_into("<I", self.out, at, len(self.out) - at - 4)

    def close(self) -> None:
        self.out += b"\x04"

    def value(self, name: str, index: int, kind: int, attributes: Mapping[str, str] | None = None) -> None:
        """An element whose text is a value of the record."""
        self.open(name, attributes)
        self.out += b"\x0d" + struct.pack("<HB", index, kind) + b"\x04"


def _framed(event: Event, body: bytes) -> bytes:
    size = (24 + len(body) + 4 + 7) // 8 * 8
    head = b"**\0\0" + struct.pack("<IQQ", size, event.number, event.filetime)
    return head + body.ljust(size - 28, b"\x00") + struct.pack("<I", size)


STRING, UINT16, HEX64, FILETIME = 0x01, 0x06, 0x15, 0x11


def templated(events: Sequence[Event]) -> tuple[bytes, list[tuple[int, int]]]:
    """A chunk as Windows writes it: the first record holds a template, and all have values for its places."""
    body, spans, at, place = b"", [], FIRST, 0
    for event in events:
        begin = at + 24
        names = list(event.data)
        out = b"\x0f\x01\x01\x00\x0c\x01" + struct.pack("<I", 0x5EC)
        if not place:
            place = begin + len(out) + 4
            made = _template(names, place + 24)
            out += struct.pack("<I", place) + struct.pack("<I", 0) + bytes(16) + struct.pack("<I", len(made)) + made
        else:
            out += struct.pack("<I", place)
        values = [
            (UINT16, struct.pack("<H", event.code)),
            (HEX64, struct.pack("<Q", int(event.keywords, 16))),
            (FILETIME, struct.pack("<Q", event.filetime)),
            (STRING, event.computer.encode("utf-16-le")),
            *((STRING, event.data[name].encode("utf-16-le")) for name in names),
        ]
        out += struct.pack("<I", len(values)) + b"".join(struct.pack("<HBB", len(v), kind, 0) for kind, v in values)
        record = _framed(event, out + b"".join(v for _, v in values) + b"\x00")
        spans.append((at, at + len(record)))
        body += record
        at += len(record)
    return _whole(events, body, spans), spans


def _template(names: Sequence[str], at: int) -> bytes:
    xml = _Xml(at, template=True)
    xml.out += b"\x0f\x01\x01\x00"
    xml.open("Event", {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"})
    xml.open("System")
    xml.element("Provider", attributes={"Name": "Microsoft-Windows-Security-Auditing"})
    xml.value("EventID", 0, UINT16)
    xml.value("Keywords", 1, HEX64)
    xml.open("TimeCreated")
    xml.out += b"\x0d" + struct.pack("<HB", 2, FILETIME) + b"\x04"
    xml.element("Channel", "Security")
    xml.value("Computer", 3, STRING)
    xml.close()
    xml.open("EventData")
    for i, name in enumerate(names, 4):
        xml.value("Data", i, STRING, {"Name": name})
    xml.close()
    xml.close()
    return bytes(xml.out) + b"\x00"


def _record(event: Event, at: int) -> bytes:
    xml = _Xml(at + 24)
    xml.out += b"\x0f\x01\x01\x00"
    xml.open("Event", {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"})
    xml.open("System")
    xml.element("Provider", attributes={"Name": "Microsoft-Windows-Security-Auditing"})
    xml.element("EventID", str(event.code))
    xml.element("Keywords", event.keywords)
    xml.element("EventRecordID", str(event.number))
    xml.element("Channel", event.channel)
    xml.element("Computer", event.computer)
    xml.close()
    if event.user_data is None:
        xml.open("EventData")
        for name, value in event.data.items():
            xml.element("Data", value, {"Name": name})
    else:
        xml.open("UserData")
        xml.open(event.user_data)
        for name, value in event.data.items():
            xml.element(name, value)
        xml.close()
    xml.close()
    xml.close()
    return _framed(event, bytes(xml.out) + b"\x00")


def chunk(events: Sequence[Event]) -> tuple[bytes, list[tuple[int, int]]]:
    """A chunk, and where each of its records stands in it."""
    body, spans, at = b"", [], FIRST
    for event in events:
        record = _record(event, at)
        spans.append((at, at + len(record)))
        body += record
        at += len(record)
    return _whole(events, body, spans), spans


def _whole(events: Sequence[Event], body: bytes, spans: Sequence[tuple[int, int]]) -> bytes:
    """The chunk around its records."""
    at = FIRST + len(body)
    assert at <= SIZE, "too much for one chunk"
    first, last = events[0].number, events[-1].number
    head = bytearray(b"ElfChnk\0" + struct.pack("<QQQQ", first, last, first, last))
    head += struct.pack("<IIII", 128, spans[-1][0], at, zlib.crc32(body))
    head = head.ljust(FIRST, b"\0")
    struct.pack_into("<I", head, 124, zlib.crc32(bytes(head[:120]) + bytes(head[128:])))
    return (bytes(head) + body).ljust(SIZE, b"\0")


def log(*chunks: bytes) -> bytes:
    """A file."""
    head = bytearray(b"ElfFile\0" + struct.pack("<QQQIHHHH", 0, len(chunks) - 1, 1000, 128, 1, 3, 4096, len(chunks)))
    head = head.ljust(4096, b"\0")
    struct.pack_into("<I", head, 124, zlib.crc32(bytes(head[:120])))
    return bytes(head) + b"".join(chunks)
