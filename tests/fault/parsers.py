# SPDX-License-Identifier: Apache-2.0
"""Every parser of bytes from outside beside the readers of log files (those are in `integration/intake/fuzz.py`).

`PARSERS` is the registry. A parser is called with mutated bytes; it may raise what it declares and nothing else, and gives back
everything that it would show to a person or write into a log, so that no patient is found in there.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import msgspec
from pydicom.uid import ImplicitVRLittleEndian

from tests.conftest import NOON
from tests.fault.samples import (
    CONFIG,
    COUNTED,
    FRAMED,
    HL7_SHARDS,
    JSON_SHARDS,
    NUMBER,
    PACS,
    RECORDS,
    SCHEMA,
    SECRET,
    SOURCE,
    STATUS,
    TOML_SHARDS,
    hl7_messages,
)
from tests.fault.senders import atna
from tests.integration.intake.fuzz import HOSTILE, mutate
from tests.integration.intake.seeds import HIS, syslog
from tests.integration.pull.archive import parted
from tests.listening import audit
from tests.unit.hospital.messages.feed import PATIENT, Tables, message, pv1
from tests.unit.integrity.test_dicom import image, written
from tests.unit.live.heard import KNOWN
from wardkeep.jobs.listen.rawspool import Group, Heard, RawSpool, read, waiting
from wardkeep.jobs.listen.taking import Taker
from wardkeep.jobs.listen.tokens import TokensError, read_tokens
from wardkeep.keys.errors import SealedError
from wardkeep.keys.growing import Damage
from wardkeep.listeners import Listener
from wardkeep.settings import SettingsError, load_settings
from wardkeep.watch.hl7 import Clock, NotRead, answer_to, parse
from wardkeep.watch.hl7 import Deframer as Mllp
from wardkeep.watch.hl7.answer import Code
from wardkeep.watch.hospital.context import schema
from wardkeep.watch.hospital.messages import contexts_of, head_of, sayings
from wardkeep.watch.intake.errors import BadMapping
from wardkeep.watch.intake.mapping import parse_mapping
from wardkeep.watch.intake.syslog.framing import Deframer as Syslog
from wardkeep.watch.integrity.dicom import instance_of
from wardkeep.watch.live import Limits, Live
from wardkeep.watch.pull import BadAnswer, BadSource
from wardkeep.watch.pull.dicomweb import Multipart, Prints, boundary_of, images_in, read_days, studies_in
from wardkeep.watch.pull.record_source import parse_record_source
from wardkeep.watch.pull.source import parse_source
from wardkeep.watch.statistics.schema import SchemaError, read_schema, schema_file

ZONE = "Asia/Shanghai"
HEARD_US = 1_772_424_000_000_000
KEK = bytes(range(32))


@dataclass(frozen=True)
class Parser:
    name: str
    samples: tuple[bytes, ...]
    read: Callable[[bytes, Path], Iterable[str]]
    #: Pieces of the format that are worth putting in anywhere.
    shards: tuple[bytes, ...] = field(default=())


def changed(parser: Parser, dice: random.Random) -> bytes:
    """A sample with one to three changes: bytes flipped, cut, doubled, shuffled, put in; or two samples spliced."""
    data = dice.choice(parser.samples)
    kind = dice.randrange(8)
    if kind == 0:
        other = dice.choice(parser.samples)
        return data[: dice.randrange(len(data) + 1)] + other[dice.randrange(len(other) + 1) :]
    if kind == 1:
        return data[: dice.randrange(len(data) + 1)]
    if kind < 4:
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(len(data) + 1)
            data = data[:at] + dice.choice(parser.shards or HOSTILE) + data[at + dice.choice((0, 0, 1, 4)) :]
        return data
    return mutate(data, (0, len(data)), dice)


def hl7_message(data: bytes, _: Path) -> Iterator[str]:
    try:
        found = parse(data)
        clock = Clock(ZONE)
        head = head_of(found, clock)
        list(sayings(found, head, clock))
    except NotRead as refused:
        yield str(refused)
    for code in Code:
        answer_to(data, code, at=NOON, text="")


def hl7_context(data: bytes, _: Path) -> Iterator[str]:
    """The tables that messages become, after a good one: whatever one says, the others' rows are made."""
    good = message(
        "ADT^A01", "100", "20260302080000", PATIENT.replace("P1^", "GOOD^"), pv1(f2="I", f3="W9^1^1", f19="V9")
    )
    tables = Tables().load(good, data, good)
    assert "GOOD" in tables.rows("patients", "patient_id")
    for made in contexts_of([data], zone=ZONE, known=tables.known, source="x"):
        assert made.table.schema.equals(schema(made.name))
    yield from ()


def framing(make: Callable[[], Mllp | Syslog], marks: int) -> Callable[[bytes, Path], Iterator[str]]:
    """Frames of a stream: the same however it is fed, no byte in two of them, none beyond the stream."""

    def read(data: bytes, _: Path) -> Iterator[str]:
        whole = make()
        frames = [*whole.feed(data), *whole.close()]
        end = 0
        for frame in frames:
            assert (frame.offset >= end and frame.size >= 1) or not frame.message
            assert data[frame.offset : frame.offset + len(frame.message)] == frame.message
            end = frame.offset + frame.size
        assert end <= len(data)
        assert sum(frame.size for frame in frames) <= len(data)
        # What is in no frame is marks, counts and white space.
        assert marks < 0 or _outside(data, frames).strip(b"\x0b\x1c\r\n \t\0") == b""
        if marks >= 0:
            parts = make()
            step = 1 + len(data) % 7
            again = [frame for at in range(0, len(data), step) for frame in parts.feed(data[at : at + step])]
            assert [*again, *parts.close()] == frames
        yield from (frame.problem for frame in frames if frame.problem)

    return read


def _outside(data: bytes, frames: Iterable[object]) -> bytes:
    left = bytearray(data)
    for frame in frames:
        begin, size = frame.offset, frame.size  # type: ignore[attr-defined]
        left[begin : begin + size] = bytes(size)
    return bytes(left)


def mapping_file(data: bytes, folder: Path) -> Iterator[str]:
    try:
        mapping = parse_mapping(data.decode("utf-8", "replace"), "his.toml")
    except BadMapping as refused:
        yield str(refused)
        return
    from wardkeep.watch.intake import read_events

    path = folder / "his.csv"
    path.write_bytes(
        "编号,时间,工号,患者,操作,内容\r\n1,2026/03/02 08:00:00,u1,P1;P2,浏览,x\r\n2,,,,,\r\n".encode("gb18030")
    )
    list(read_events(path, zone=ZONE, mapping=mapping))


def pull_source(data: bytes, _: Path) -> Iterator[str]:
    try:
        parse_source(data.decode("utf-8", "replace"), "his.toml")
    except BadSource as refused:
        yield str(refused)


def record_source(data: bytes, _: Path) -> Iterator[str]:
    try:
        parse_record_source(data.decode("utf-8", "replace"), "records.toml")
    except BadSource as refused:
        yield str(refused)


def dicomweb_parts(data: bytes, _: Path) -> Iterator[str]:
    """A header that announces the parts, and the parts: the same however they are fed, none of them longer than it may be."""
    header, _, body = data.partition(b"\n")

    def read(step: int) -> tuple[list[bytes], str]:
        found: list[bytes] = []
        try:
            parts = Multipart(boundary_of(header.decode("latin-1")), largest=4096)
            for at in range(0, len(body), step):
                found += parts.feed(body[at : at + step])
            parts.close()
        except BadAnswer as refused:
            return found, str(refused)
        return found, ""

    found, said = read(len(body) or 1)
    again, also = read(1 + len(data) % 7)
    assert (found, bool(said)) == (again, bool(also)) and all(len(part) <= 4096 for part in found)
    yield from filter(None, (said, also))


def dicomweb_list(data: bytes, _: Path) -> Iterator[str]:
    for listed in (studies_in, images_in):
        try:
            listed(data)
        except BadAnswer as refused:
            yield str(refused)


def dicomweb_state(data: bytes, folder: Path) -> Iterator[str]:
    path = folder / "pacs.json"
    path.write_bytes(data)
    try:
        read_days(path)
    except BadSource as refused:
        yield str(refused)


def dicomweb_prints(data: bytes, folder: Path) -> Iterator[str]:
    """What is a hint alone is read as far as it can be, and written again."""
    prints, day = Prints(folder), date(2026, 3, 2)
    (folder / "20260302.json").write_bytes(data)
    prints.of(day, "1.2.3")
    prints.keep(day, {"1.2.3": ["12345678"]})
    assert "12345678" in prints.of(day, "1.2.3")
    yield from ()


def dicom_instance(data: bytes, _: Path) -> Iterator[str]:
    found = instance_of(data, zone=ZONE)
    if isinstance(found, str):
        yield found


def statistics_schema(data: bytes, _: Path) -> Iterator[str]:
    """The schema of a database and what its operator says of the columns, as two files in one."""
    text, _, labels = data.decode("utf-8", "replace").partition("---\n")
    try:
        schema_file(labels)
        read_schema(text, labels)
    except SchemaError as refused:
        yield str(refused)


def settings(data: bytes, folder: Path) -> Iterator[str]:
    path = folder / "config.toml"
    path.write_bytes(data)
    try:
        load_settings(path)
    except SettingsError as refused:
        yield str(refused)


def tokens(data: bytes, folder: Path) -> Iterator[str]:
    path = folder / "tokens"
    path.write_bytes(data)
    path.chmod(0o600)
    try:
        read_tokens(path)
    except TokensError as refused:
        yield str(refused)


def _spool_file() -> tuple[bytes, ...]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        spool = RawSpool(Path(folder) / "adt", kek=KEK, limit=64 << 20)
        for n in range(12):
            spool.append(
                [Heard(HEARD_US + n, "message", "10.0.0.7", b"message %d " % n + SECRET.encode())] * (1 + n % 3)
            )
        spool.close()
        [path] = waiting(spool.folder)
        return (path.read_bytes(),)


def spool_file(data: bytes, folder: Path) -> Iterator[str]:
    """A raw spool's file: what comes out was put in, and what was changed is told."""
    path = folder / "adt" / f"{1:016d}.wkr"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    try:
        parts = list(read(path, kek=KEK))
    except SealedError as refused:
        yield str(refused)
        return
    taken = Taker("adt", Listener(protocol="mllp", port=1), zone=ZONE).take(parts, follows=1)
    good = [part for part in parts if isinstance(part, Group)]
    for group in good:
        assert all(one.body.endswith(SECRET.encode()) for one in group.heard)
    assert [group.first for group in good] == sorted({group.first for group in good})
    told = [piece for batch in taken.batches for piece in batch.rejected if "spool-damaged" in piece.reason]
    assert len(told) == sum(isinstance(part, Damage) for part in parts)
    assert taken.messages == sum(len(group.heard) for group in good)
    yield from (piece.reason for piece in told)


def heard(protocol: str, form: str = "") -> Callable[[bytes, Path], Iterator[str]]:
    """A message between two good ones, as the process that stores takes it, and as live alerts judge it."""
    wants = Listener(protocol=protocol, port=1, format=form)

    def read(data: bytes, _: Path) -> Iterator[str]:
        taker = Taker("x", wants, zone=ZONE)
        good = _GOOD[protocol]
        group = Group(1, [Heard(HEARD_US, "message", "10.0.0.7", body) for body in (good, data, good)])
        taken = taker.take([group], follows=1)
        rows = [row for batch in taken.batches for row in batch.events.to_pylist()]
        rejected = [piece for batch in taken.batches for piece in batch.rejected]
        places = {row["position"].partition(":")[0] for row in rows} | {
            piece.position.partition(":")[0] for piece in rejected
        }
        assert places == {"1", "2", "3"}, "each message gives something"
        assert {"1", "3"} <= {row["position"] for row in rows}, "the good ones are read"
        live = Live(Limits(), KNOWN)
        for at_us, found in taker.rows(group):
            live.judge(found, heard_us=at_us)
        yield from (piece.reason for piece in rejected)

    return read


_GOOD = {
    "mllp": message("ADT^A08", "200", "20260302080000", PATIENT.replace("P1^", "GOOD^")),
    "http": audit(1),
    "syslog-tcp": atna("GOOD"),
}


def status_file(data: bytes, folder: Path) -> Iterator[str]:
    """The files in which processes say how they are, written halfway or by somebody else."""
    from wardkeep.jobs.alerting.status import place_in, says_in
    from wardkeep.jobs.listen.status import said_in
    from wardkeep.jobs.storing import _remembered as storing

    path = folder / "status.json"
    path.write_bytes(data)
    said = said_in(path)
    says_in(said)
    place_in(said, "adt")
    totals = storing(path)
    for tally in totals.listeners.values():
        Taker("x", None, zone=ZONE).take([Group(5, [Heard(HEARD_US, "message", "a", b"x")])], follows=tally.next)
    yield from ()


PARTED = b'multipart/related; type="application/dicom"; boundary=b-o-u-n-d\n'
LISTED = [
    {
        "0020000D": {"vr": "UI", "Value": ["1.2.3.4"]}, "00080020": {"vr": "DA", "Value": ["20260304"]},
        "00080030": {"vr": "TM", "Value": ["081500.25"]}, "00201208": {"vr": "IS", "Value": [12]},
        "0020000E": {"vr": "UI", "Value": ["1.2.3.4.5"]}, "00080018": {"vr": "UI", "Value": ["1.2.3.4.5.6"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": SECRET}]}, "00100020": {"vr": "LO", "Value": [NUMBER]},
    }
]  # fmt: skip
DAYS = {"url": "https://pacs.example/dicom-web", "last": "2026-03-02", "seen": {"2026-03-02": ["0" * 32]}, "studies": 1}


def _noon() -> object:
    from tests.conftest import NOON

    return NOON


PARSERS: tuple[Parser, ...] = (
    Parser("hl7-message", hl7_messages(), hl7_message, HL7_SHARDS),
    Parser("hl7-context", hl7_messages(), hl7_context, HL7_SHARDS),
    Parser("mllp-framing", (b"".join(FRAMED), b"\r\n".join(FRAMED[:3])), framing(Mllp, 0), HL7_SHARDS),
    Parser(
        "syslog-framing",
        (b"".join(COUNTED), b"\n".join(COUNTED), b"\n".join(map(syslog, range(4)))),
        framing(Syslog, -1),
        (b"0 ", b"1 ", b"999999999 ", b"-1 ", b"00012 ", b"<85>1 ", b"\n", b"\n\n", b"\x00", b"<", b"</AuditMessage>"),
    ),
    Parser("mapping-file", (HIS.format(encoding="gb18030", separator=",").encode(),), mapping_file, TOML_SHARDS),
    Parser("pull-source", (SOURCE.encode(),), pull_source, TOML_SHARDS),
    Parser("record-source", (RECORDS.encode(), PACS.encode()), record_source, TOML_SHARDS),
    Parser(
        "dicomweb-parts",
        tuple(PARTED + parted(*parts) for parts in ((b"DICM",), (b"", b"\r\n--b-o-u-n", SECRET.encode() * 100))),
        dicomweb_parts,
        (b"\r\n", b"\r\n\r\n", b"--", b"--b-o-u-n-d", b"\r\n--b-o-u-n-d--", b"\r\n--b-o-u-n-d\r\n\r\n", b"x" * 5000,
         b"Content-Length: 7\r\n", b"Content-Type: text/html\r\n", b'boundary="', b"boundary*=utf-8''x"),
    ),
    Parser("dicomweb-list", (msgspec.json.encode(LISTED),), dicomweb_list, JSON_SHARDS),
    Parser("dicomweb-prints", (msgspec.json.encode({"studies": {"7" * 32: "abcdefgh" * 3}}),), dicomweb_prints, JSON_SHARDS),
    Parser("dicomweb-state", (msgspec.json.encode(DAYS),), dicomweb_state, JSON_SHARDS),
    Parser(
        "dicom-instance",
        (written(image(PatientName=SECRET, PatientID=NUMBER)), written(image(PatientName=SECRET), ImplicitVRLittleEndian)),
        dicom_instance,
        (b"\x00" * 8, b"\xff" * 4, b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0", b"SQ\0\0\xff\xff\xff\xff", b"UN", b"OB\0\0"),
    ),
    Parser("statistics-schema", (SCHEMA.encode(),), statistics_schema, (*TOML_SHARDS, b",", b'"', b"\r", b"\0", b"view,")),
    Parser("settings", (CONFIG.encode(),), settings, TOML_SHARDS),
    Parser("tokens", (b"# who may post\nemr 0123456789abcdef0123456789abcdef\nlis fedcba9876543210fedcba98765432\n",), tokens),
    Parser("spool-file", _spool_file(), spool_file, (b"WKP1", b"WKG1", b"WKP1\0\0\0\1\xff\xff\xff\xff", b"\0" * 12)),
    Parser("heard-hl7", hl7_messages(), heard("mllp"), HL7_SHARDS),
    Parser("heard-fhir", (audit(3, id=NUMBER), audit(4, entity=[])), heard("http"), JSON_SHARDS),
    Parser("heard-syslog", (atna(NUMBER), syslog(2), b"<13>Mar  2 08:00:00 host app[1]: said"), heard("syslog-tcp")),
    Parser("status-file", (msgspec.json.encode(STATUS),), status_file, JSON_SHARDS),
)  # fmt: skip
