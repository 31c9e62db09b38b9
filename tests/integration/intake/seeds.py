# SPDX-License-Identifier: Apache-2.0
"""Small files of every format that logs come in, with the byte span of each of their records."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass
from typing import Any

from tests.unit.hospital.messages.feed import message, pv1
from tests.unit.intake.atna.messages import audit as audit_message
from tests.unit.intake.atna.messages import participant, patient, thing
from tests.unit.intake.ocsf.events import event
from wardkeep.watch.intake.mapping import Mapping, parse_mapping

ROWS = 14
NAMES = ("王芳", "李 娜", "O'Neil, Ann", 'the "second" ward', "", "a;b", "x", "Müller")


@dataclass(frozen=True)
class Seed:
    """A file of records; `spans` are the bytes of each without its line end."""

    name: str
    file: str
    data: bytes
    spans: tuple[tuple[int, int], ...]
    mapping: Mapping | None = None
    #: What --format would say, where the first record tells what the file is and may be the one that is damaged.
    form: str | None = None
    #: Records can be told from their neighbours after any damage within one of them.
    separable: bool = True
    #: A line that no longer begins as a record goes on with the one before: that one may be changed too, and no other.
    joins: bool = False


def audit(i: int, **more: Any) -> dict[str, Any]:
    """An R4 AuditEvent in the BALP pattern, each a little different."""
    query = base64.b64encode(f"GET https://ehr.example/Observation?patient=P{i}&code=x".encode()).decode()
    entities: list[dict[str, Any]] = [
        {"what": {"reference": f"Patient/P{i}"}, "type": {"code": "1"}, "role": {"code": "1"}},
        {"what": {"reference": f"List/{i}", "display": NAMES[i % 8]}, "type": {"code": "2"}, "role": {"code": "4"}},
    ]
    if i % 3 == 0:
        entities.append({"type": {"code": "2"}, "role": {"code": "24"}, "query": query})
    return {
        "resourceType": "AuditEvent",
        "id": f"e{i}",
        "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
        "subtype": [{"code": ("read", "update", "search-type", "create")[i % 4]}],
        "action": "RUEC"[i % 4],
        "recorded": f"2026-03-02T08:{i:02d}:00+08:00",
        "outcome": ("0", "4", "8")[i % 3],
        "agent": [
            {"type": {"coding": [{"code": "110153"}]}, "who": {"display": f"WS-{i}"}, "requestor": False,
             "network": {"address": f"10.0.0.{i}", "type": "2"}},
            {"type": {"coding": [{"code": "IRCP"}]}, "who": {"identifier": {"value": f"u{i}"}}, "requestor": True},
        ],
        "source": {"site": "main", "observer": {"display": "EHR"}},
        "entity": entities,
    } | more  # fmt: skip


def audit5(i: int) -> dict[str, Any]:
    """An R5 AuditEvent."""
    return {
        "resourceType": "AuditEvent",
        "id": f"f{i}",
        "category": [{"coding": [{"code": "rest"}]}],
        "code": {"coding": [{"code": "read"}]},
        "action": "R",
        "occurredDateTime": f"2026-03-02T08:{i:02d}:30+08:00",
        "recorded": f"2026-03-02T08:{i:02d}:31+08:00",
        "outcome": {"code": {"code": "0"}},
        "patient": {"reference": f"Patient/P{i}"},
        "agent": [{"who": {"reference": f"Practitioner/u{i}"}, "requestor": True, "networkString": f"10.0.0.{i}"}],
        "source": {"observer": {"display": "EHR5"}},
    }


def _lines(rows: list[bytes], end: bytes = b"\n", head: bytes = b"") -> tuple[bytes, tuple[tuple[int, int], ...]]:
    data, spans = head, []
    for row in rows:
        spans.append((len(data), len(data) + len(row)))
        data += row + end
    return data, tuple(spans)


def _joined(
    before: bytes, rows: list[bytes], between: bytes, after: bytes
) -> tuple[bytes, tuple[tuple[int, int], ...]]:
    data, spans = before, []
    for i, row in enumerate(rows):
        data += between if i else b""
        spans.append((len(data), len(data) + len(row)))
        data += row
    return data + after, tuple(spans)


def atna(i: int) -> str:
    """An audit message, in either dialect, each a little different."""
    dicom = i % 2 == 0
    things = [
        patient(f"P{i}^^^&1.2.3&ISO", dicom=dicom),
        thing(f"R{i}", dicom=dicom, name=NAMES[1] if i % 3 else "", query="a"),
    ]
    people = [participant(f"u{i}", "IRCP", dicom=dicom), participant(f"WS-{i}", "110150", dicom=dicom)]
    return audit_message(*people, *things, dicom=dicom, letter="RUCD"[i % 4], time=f"2026-03-02T08:{i:02d}:00+08:00")


def syslog(i: int) -> bytes:
    """An audit message in its frame; every third message is none."""
    text = f"Accepted password for u{i}" if i % 3 == 2 else atna(i).replace("><", ">\n<" if i % 2 else "><")
    return f"<85>1 2026-03-02T08:{i:02d}:00+08:00 ehr{i} app {i} ID - {text}".encode()


def hl7(i: int) -> bytes:
    """A message of HL7, each a little different."""
    kind = ("ADT^A01", "ADT^A08", "ORU^R01", "MDM^T02")[i % 4]
    who = f"PID|1||P{i}^^^H^MR||{NAMES[i % 8].replace(' ', '^')}||19700102|F"
    return message(kind, f"m{i}", f"2026030208{i:02d}00+0800", who, pv1(f2="I", f3=f"W{i}^1^1", f19=f"V{i}"))


def _hl7_seeds() -> tuple[Seed, ...]:
    """Messages in their frames, and one behind the other."""
    framed, framed_spans = _joined(b"\x0b", [hl7(i) for i in range(ROWS)], b"\x1c\r\x0b", b"\x1c\r")
    plain, plain_spans = _joined(b"", [hl7(i) for i in range(ROWS)], b"\r", b"\r")
    # Without frames a message ends where a line begins with MSH: a damaged record may lose its begin to the one before.
    return (
        Seed("hl7-framed", "feed.hl7", framed, framed_spans, form="hl7"),
        Seed("hl7-plain", "batch.hl7", plain, plain_spans, form="hl7", separable=False),
    )


def _audit_seeds() -> tuple[Seed, ...]:
    """ATNA, plain and in syslog; OCSF in its three forms."""
    plain, plain_spans = _joined(
        b'<?xml version="1.0"?>\n<log>\n', [atna(i).encode() for i in range(ROWS)], b"\n", b"\n</log>"
    )
    lines, line_spans = _lines([syslog(i) for i in range(ROWS)])
    counted, counted_spans = _lines([b"%d %b" % (len(one), one) for one in (syslog(i) for i in range(ROWS))])
    events = [
        _json(event((6003, 3002, 3001, 6005)[i % 4], metadata={"uid": f"m{i}", "product": {"name": "PORTAL"}},
                    resources=[{"type": "Patient", "uid": f"P{i}"}, {"type": "Report", "name": NAMES[i % 8]}]))
        for i in range(ROWS)
    ]  # fmt: skip
    rows, row_spans = _lines(events)
    whole, whole_spans = _joined(b"[", events, b", ", b"]\n")
    tall, tall_spans = _joined(b"", [json.dumps(json.loads(one), indent=1).encode() for one in events], b"\n", b"\n")
    return (
        Seed("atna", "audit.xml", plain, plain_spans),
        Seed("syslog", "syslog.log", lines, line_spans),
        Seed("syslog-counted", "counted.log", counted, counted_spans),
        Seed("ocsf-lines", "ocsf.jsonl", rows, row_spans),
        Seed("ocsf-list", "ocsf.json", whole, whole_spans),
        Seed("ocsf-objects", "ocsf.log", tall, tall_spans),
    )


def _json(value: object, *, indent: int | None = None) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=indent).encode()


HIS = """
name = "his"
system = "HIS"
encoding = "{encoding}"
separator = "{separator}"
zone = "Asia/Shanghai"
time_format = "%Y/%m/%d %H:%M:%S"
[columns]
event_id = "编号"
time = "时间"
account = "工号"
patient_id = "患者"
action = "操作"
query = "内容"
[values.action]
"浏览" = "read"
"打印" = "print"
[lists]
patient_id = ";"
"""


def his(encoding: str, separator: str, name: str, *, mark: bytes = b"") -> Seed:
    """An export of a HIS: local times, Chinese words, some cells quoted, one with a line break."""
    rows = []
    for i in range(ROWS):
        said = ('"一行\n两行"', '"引 ""用"""', f'"a{separator}b"', "无", "")[i % 5]
        cells = [f"h{i}", f"2026/03/02 08:{i:02d}:00", f"u{i}", f"P{i};Q{i}", ("浏览", "打印")[i % 2], said]
        rows.append(separator.join(cells).encode(encoding))
    end = "\r\n".encode(encoding)
    head = mark + separator.join(["编号", "时间", "工号", "患者", "操作", "内容"]).encode(encoding) + end
    data, spans = _lines(rows, end, head)
    text = HIS.format(encoding=encoding, separator=separator.replace("\t", "\\t"))
    return Seed(
        name, "his.csv", data, spans, parse_mapping(text, "his.toml"), separable=not encoding.startswith("utf-16")
    )


def hospital() -> Seed:
    """The hospital folder's events."""
    rows = [
        f'h{i},2026-03-02T08:{i:02d}:00+08:00,u{i},P{i},read,"{NAMES[i % 8].replace(chr(34), chr(34) * 2)}",1,treatment,'
        f"{i % 2},success,EMR,WS-{i},10.0.0.{i},main,s{i},,{i}".encode()
        for i in range(ROWS)
    ]
    head = (
        b"event_id,time,account,patient_id,action,resource,count,purpose,breakglass,outcome,system,workstation,ip,site,"
        b"session_id,query,duration_s\n"
    )
    data, spans = _lines(rows, b"\n", head)
    return Seed("hospital", "events.csv", data, spans)


def all_seeds() -> tuple[Seed, ...]:
    """One of each."""
    four = [_json(audit(i)) for i in range(ROWS)]
    five = [_json(audit5(i)) for i in range(ROWS)]
    lines, line_spans = _lines([x for pair in zip(four, five, strict=True) for x in pair])
    entries = [_json({"fullUrl": f"urn:uuid:{i}", "resource": audit(i)}) for i in range(ROWS)]
    bundle, bundle_spans = _joined(b'{"resourceType":"Bundle","type":"collection","entry":[', entries, b",", b"]}")
    tall = [_json({"fullUrl": f"urn:uuid:{i}", "resource": audit5(i)}, indent=2) for i in range(ROWS)]
    pretty, pretty_spans = _joined(
        b'{\n  "resourceType": "Bundle",\n  "type": "searchset",\n  "total": 14,\n  "entry": [\n',
        tall,
        b",\n",
        b"\n]\n}\n",
    )
    one = _json(audit(1), indent=1)
    packed = gzip.compress(lines, mtime=0)
    return (
        Seed("ndjson", "audit.ndjson", lines, line_spans),
        Seed("bundle", "bundle.json", bundle, bundle_spans),
        Seed("bundle-pretty", "pretty.json", pretty, pretty_spans),
        Seed("single", "one.json", one, ((0, len(one)),)),
        Seed("gzip", "audit.ndjson.gz", packed, ((0, len(packed)),), separable=False),
        hospital(),
        his("gb18030", ",", "gb18030"),
        his("utf-8", "|", "pipe"),
        his("utf-8", "\t", "tabs", mark=b"\xef\xbb\xbf"),
        his("utf-16-le", ",", "utf16", mark=b"\xff\xfe"),
        *_audit_seeds(),
        *_hl7_seeds(),
    )
