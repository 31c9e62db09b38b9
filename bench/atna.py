# SPDX-License-Identifier: Apache-2.0
"""Benchmark: ATNA audit messages in syslog to rows, beside lxml that only parses each message.

    python -m bench atna [--quick]

lxml gets each message's XML by itself and builds its tree; it reads no field and makes no row: the limit of any reader that
parses. Ours gets the stream of octet-counted syslog, cuts it, reads the header, refuses what it must, says who did what to
whom, hashes the record, and makes the columns that the store takes. A day of 500 people on 50 wards, each at any of the
ward's ten machines, with 5,000 patients; each ward's system writes one of the dialects, every message has its own time and
object. As in a process that reads, nobody looks for cycles meanwhile. The other figures are the same reader on plain messages
in a file of XML, once beside lxml that also reads out the attributes and texts of every element, which is the least that a
reader without a memory has to do.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator

from lxml import etree

from bench.figure import Figure
from wardkeep.watch.intake.atna.reader import AtnaReader
from wardkeep.watch.intake.atna.reader import blocks as atna_blocks
from wardkeep.watch.intake.batch import columns_of
from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.syslog import files
from wardkeep.watch.intake.syslog.reader import SyslogReader

ZONE = "Asia/Shanghai"
MESSAGES, QUICK = 60_000, 3_000
ROUNDS = 5
CHUNK = 1024 * 1024
#: Records and rejected pieces of the bytes.
Reading = Callable[[bytes], tuple[int, int]]
_DIALECTS = (("csd-code", "originalText"), ("code", "displayName"))


def figures(*, quick: bool) -> list[Figure]:
    """Rounds of the three, one after the other."""
    texts = messages(QUICK if quick else MESSAGES)
    framed = [b"<85>1 2026-03-02T08:15:00+08:00 ehr1 EHR 521 IHE+DICOM - \xef\xbb\xbf" + one for one in texts]
    stream = b"".join(b"%d %b" % (len(one), one) for one in framed)
    plain = b"\n".join(texts)
    print(f"{len(texts):,} messages, {len(plain) / len(texts):,.0f} bytes each", file=sys.stderr, flush=True)
    ours, own, theirs, reading = [], [], [], []
    for _ in range(2 if quick else ROUNDS):
        began = time.perf_counter()
        for one in texts:
            etree.fromstring(one, _parser)
        theirs.append(len(texts) / (time.perf_counter() - began))
        began = time.perf_counter()
        for one in texts:
            [(e.tag, dict(e.attrib), e.text) for e in etree.fromstring(one, _parser).iter()]
        reading.append(len(texts) / (time.perf_counter() - began))
        ours.append(len(texts) / timed(stream, in_syslog, len(texts)))
        own.append(len(texts) / timed(plain, in_files, len(texts)))
    peer = "lxml, tree only"
    return [
        Figure(
            what="ATNA: syslog stream to columns", unit="messages/s", ours=ours, peer=peer, theirs=theirs, goal=0.5,
            floor=0.25, of_ratio=True,
        ),
        Figure(what="ATNA: XML file to columns", unit="messages/s", ours=own, peer=peer, theirs=theirs),
        Figure(what="ATNA: XML file to columns", unit="messages/s", ours=own, peer="lxml, read out", theirs=reading),
    ]  # fmt: skip


#: As it should be set for what strangers write.
_parser = etree.XMLParser(resolve_entities=False, no_network=True)


def timed(data: bytes, read: Reading, expected: int) -> float:
    gc.collect()
    gc.disable()
    began = time.perf_counter()
    rows, rejected = read(data)
    seconds = time.perf_counter() - began
    gc.enable()
    assert rows == expected and not rejected, (rows, rejected)
    return seconds


def in_syslog(data: bytes) -> tuple[int, int]:
    """Records and rejected pieces, as the reading process of a file makes them."""
    return _all(SyslogReader(source="bench", zone=ZONE), files.blocks(_chunks(data), "bench"))


def in_files(data: bytes) -> tuple[int, int]:
    return _all(AtnaReader(source="bench", zone=ZONE), atna_blocks(_chunks(data), "bench"))


def messages(count: int) -> list[bytes]:
    """Invented audit messages: who reads, changes, sends and searches, in both dialects, one patient or several."""
    chance = random.Random(7)
    return [message(chance, number).encode() for number in range(count)]


def message(chance: random.Random, number: int) -> str:
    person, seconds = chance.randrange(500), number % 86_400
    code, said = _DIALECTS[person // 10 % 2]
    machine = person // 10 * 10 + chance.randrange(10)
    event, letter = chance.choice((("110110", "R"), ("110110", "R"), ("110110", "U"), ("110104", "R"), ("110112", "E")))

    def coded(name: str, value: str, text: str) -> str:
        return f'<{name} {code}="{value}" codeSystemName="DCM" {said}="{text}"/>'

    patients = [f"P{chance.randrange(5_000):06}" for _ in range(chance.choice((1, 1, 1, 1, 2, 5)))]
    things = [
        f'<ParticipantObjectIdentification ParticipantObjectID="{one}^^^&amp;1.2.156.1&amp;ISO" ParticipantObjectTypeCode="1" '
        f'ParticipantObjectTypeCodeRole="1">{coded("ParticipantObjectIDTypeCode", "2", "Patient Number")}'
        f"<ParticipantObjectName>患者{one}</ParticipantObjectName></ParticipantObjectIdentification>"
        for one in patients
    ]
    known, asked = f"1.2.156.{number}", ""
    if event == "110112":
        asked = b64encode(f"GET /Observation?patient={patients[0]}&_count={number % 50}".encode()).decode()
        asked = f"<ParticipantObjectQuery>{asked}</ParticipantObjectQuery>"
    role = "24" if asked else "3"
    things.append(
        f'<ParticipantObjectIdentification ParticipantObjectID="{known}" ParticipantObjectTypeCode="2" '
        f'ParticipantObjectTypeCodeRole="{role}">{coded("ParticipantObjectIDTypeCode", "110180", "Study Instance UID")}{asked}'
        "</ParticipantObjectIdentification>"
    )
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{number % 1000:03}"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><AuditMessage><EventIdentification EventActionCode="{letter}" '
        f'EventDateTime="2026-03-02T{clock}+08:00" EventOutcomeIndicator="0">{coded("EventID", event, "Record")}'
        f"{coded('EventTypeCode', 'ITI-43', 'Retrieve Document Set')}</EventIdentification>"
        f'<ActiveParticipant UserID="u{person}" UserName="N{person}" UserIsRequestor="true">'
        f"{coded('RoleIDCode', 'PHYSICIAN', 'Physician')}</ActiveParticipant>"
        f'<ActiveParticipant UserID="viewer" UserIsRequestor="true" NetworkAccessPointTypeCode="1" '
        f'NetworkAccessPointID="WS-{machine}">{coded("RoleIDCode", "110152", "Destination")}</ActiveParticipant>'
        '<ActiveParticipant UserID="https://ehr.example/ws" UserIsRequestor="false" NetworkAccessPointTypeCode="2" '
        f'NetworkAccessPointID="10.0.0.7">{coded("RoleIDCode", "110153", "Source")}</ActiveParticipant>'
        f'<AuditSourceIdentification AuditEnterpriseSiteID="main" AuditSourceID="EHR-{number % 3}"/>{"".join(things)}'
        "</AuditMessage>"
    )


def _chunks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + CHUNK] for at in range(0, len(data), CHUNK))


def _all(reader: SyslogReader | AtnaReader, blocks: Iterator[Block | Overlong]) -> tuple[int, int]:
    records = rejected = 0
    for block in blocks:
        assert isinstance(block, Block)
        _, bad, count = columns_of(reader.parse(block.data, block.line), "bench")
        records, rejected = records + count, rejected + len(bad)
    return records, rejected
