# SPDX-License-Identifier: Apache-2.0
"""Valid samples for the parsers, and pieces of their formats that are worth putting in anywhere."""

from __future__ import annotations

from tests.integration.intake.seeds import syslog
from tests.unit.hospital.messages.feed import PATIENT, message, pv1
from wardkeep.watch.hl7 import framed

#: Stands in every sample where a patient's number or name stands, and in nothing that is said of what was wrong.
SECRET = "王小明7Q"
NUMBER = "PX7Q"


def hl7_messages(*more: str) -> tuple[bytes, ...]:
    who = PATIENT.replace("P1^", f"{NUMBER}^").replace("王^小明", f"{SECRET}^")
    stay = pv1(f2="I", f3="W1^101^1", f7="D1^Doctor", f19="V1", f44="20260302080000", f45="20260303080000")
    return (
        message("ADT^A01", "1", "20260302080000+0800", who, stay),
        message("ADT^A02", "2", "202603020900", who, pv1(f2="I", f3="W2^1^2", f6="W1^101^1", f19="V1")),
        message("ADT^A03", "3", "20260303080000", who, stay),
        message("ADT^A11", "4", "20260303090000", who, stay),
        message("ADT^A40", "5", "20260303090000", who, "MRG|P2^^^H^MR"),
        message("ORM^O01", "6", "20260302080000", who, stay, "ORC|NW|O1|||||^^^20260302||20260302|||D1", "OBR|1|O1||CT^CT"),
        message("ORU^R01", "7", "20260302080000", who, "OBR|1|O1||CT|||||||||||||||||||20260302", "OBX|1|TX|a||text"),
        message("SIU^S12", "8", "20260302080000", "SCH|A1||||||||||^^30^20260304080000^20260304083000", who, "AIP|1||D1"),
        message("MDM^T02", "9", "20260302080000", who, stay, "TXA|1|DS|TX|20260302080000|D1|||||D2||DOC1|||||AU", *more),
    )  # fmt: skip


HL7_SHARDS = (
    b"\r", b"\n", b"\r\r", b"|", b"||||", b"^", b"&", b"~", b"\\", b"\\T\\", b"\\X0\\", b"\\XZZ\\", b'""', b"\x0b", b"\x1c\r",
    b"\x0bMSH|", b"MSH|^~\\&|", b"\rPID|1||P9", b"\rPV1|1|I", b"\rMSH|", b"21991231", b"19000101", b"00000000", b"99991231",
    b"20260229", b"20260302080000+9999", b"20260302080000.999999-1200", b"GB18030-2000", b"ISO IR87", b"\xff", b"\xed\xa0\x80",
    b"\x00", b"~" * 500, b"^" * 500, b"\rNTE|1||" + b"x" * 5000, "患者".encode("gb18030"), b"A40", b"A11", b"\rMRG|P1^^^H^MR",
)  # fmt: skip


SOURCE = """name = "his"
url = "postgresql+psycopg://reader@db.example/his?sslmode=verify-full"
password_file = "his.password"
view = "audit.access_log"
mapping = "his.toml"
watermark = "log_time"
overlap = 600
start = "2026-01-01 00:00:00"
batch = 5000
rate = 200
statement_timeout = 60
"""


RECORDS = """name = "emr-notes"
url = "postgresql+psycopg://reader@db.example/emr"
view = "v_notes"
system = "EMR"
key = ["note_id"]
content = ["title", "body"]
time = "signed_at"
stage = "state"
[stages]
"已签名" = "signed"
"""

PACS = """name = "pacs"
url = "https://pacs.example/dicom-web"
ca_file = "pacs-ca.pem"
user = "auditor"
password_file = "pacs.password"
system = "PACS"
start = 2026-01-01
zone = "Asia/Shanghai"
overlap_days = 5
rate = 20
"""

SCHEMA = """kind,schema,name,column,comment,text
table,his,drug_out,,发药,
column,his,drug_out,drug_code,药品编码,
view,his,v_drug,,,"select drug_code from drug_out"
procedure,his,p_drug,,,"begin select 1 from dual; end;"
---
schema = "schema.csv"
trusted_procedures = ["his.p_ok"]
[columns]
"drug_out.drug_code" = "drug"
"doctor" = ["prescriber"]
"""

CONFIG = """
[hospital]
name = "H"
timezone = "Asia/Shanghai"
[console]
port = 8080
[judging]
nightly_at = "02:00"
window_days = 30
[intake]
every = 2
spool = "1GB"
certificate = "server.pem"
key = "server.key"
[intake.listeners.adt]
protocol = "mllp"
port = 2575
system = "HIS"
[intake.listeners.fw]
protocol = "syslog-udp"
bind = "0.0.0.0"
port = 5514
[live]
learned_days = 30
"""


STATUS = {
    "at": "2026-03-02T04:00:00+00:00", "read": 5, "accepted": 4, "duplicates": 1, "quarantined": 0, "rounds": 3, "trouble": "",
    "listeners": {"adt": {"messages": 5, "set_aside": 0, "bytes": 99, "delay_s": 0.5, "last_us": 1, "waiting": 0, "next": 6}},
}  # fmt: skip

JSON_SHARDS = (
    b'"', b"{", b"}", b"[", b"]", b"null", b"true", b"1e400", b"-1", b"9" * 300, b'"\\ud800"', b"[" * 2000, b'{"a":' * 2000,
    b'"x":', b",", b":", b"0.5", b'"2026"', b"\\u0000", b"\xff",
)  # fmt: skip
TOML_SHARDS = (
    b'"', b"'", b"\n", b"[", b"]", b"[[", b"= ", b"true", b"-1", b"9" * 30, b"1e400", b"nan", b"inf", b"[columns]\n", b'""',
    b"2026-03-02", b"\\u0000", b"\\", b"[" * 1500, b"{a=" * 1500, b"\x00", "患者".encode(), b'encoding = "idna"\n', b"utf-7",
    b'encoding = "utf-16"\n', b'encoding = "hex"\n', b"%Y%m%d%f%z", b'time_format = ""\n', b"\n[lists]\n", b'separator = ""\n',
    b"zone = \"../../etc/passwd\"\n", b'zone = ""\n', b"port = 0\n", b"port = 99999\n",
)  # fmt: skip
FRAMED = tuple(framed(one) for one in hl7_messages())
COUNTED = tuple(b"%d %b" % (len(one), one) for one in map(syslog, range(4)))
