# SPDX-License-Identifier: Apache-2.0
"""HL7 messages as a hospital's systems send them, with invented people."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.acceptance.hospitals import HEADER, log

STAFF = (
    "staff_id,name,role,department,employed_from,employed_to\n"
    "s1,林一,nurse,W1,2020-01-01,\ns2,周二,nurse,W2,2020-01-01,\ns3,吴三,physician,CLINIC,2020-01-01,\n"
    "s4,郑四,technician,LAB,2020-01-01,\ns5,冯五,physician,W3,2020-01-01,\n"
)
ACCOUNTS = (
    "account,staff_id,kind,enabled_from,enabled_to,department\n"
    "nurse1,s1,person,2020-01-01,,\nnurse2,s2,person,2020-01-01,,\ndoctor3,s3,person,2020-01-01,,\n"
    "lab4,s4,person,2020-01-01,,\ndoctor5,s5,person,2020-01-01,,\n"
)


def message(
    kind: str, control: str, at: str, *segments: str, charset: str = "UNICODE UTF-8", occurred: str = ""
) -> str:
    """A message of the HIS; `at` is when it was recorded and sent."""
    trigger = kind.partition("^")[2]
    head = f"MSH|^~\\&|HIS|MAIN|WARDKEEP|MAIN|{at}||{kind}|{control}|P|2.4||||||{charset}"
    event = f"EVN|{trigger}|{at}|||clerk1|{occurred}" if kind.startswith("ADT") else ""
    return "\r".join(filter(None, (head, event, *segments))) + "\r"


def pid(number: str, name: str = "陈^某") -> str:
    return f"PID|1||{number}^^^MAIN^MR||{name}||19700501|F"


def pv1(visit: str, ward: str, *, kind: str = "I", prior: str = "", doctor: str = "", admitted: str = "") -> str:
    fields = {2: kind, 3: f"{ward}^101^1", 6: prior, 7: doctor, 19: visit, 44: admitted}
    return "PV1|1|" + "|".join(fields.get(n, "") for n in range(2, 45))


def feed(folder: Path, *files: str) -> Path:
    """Each text as a file of messages, in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    for n, text in enumerate(files, 1):
        (folder / f"feed-{n}.hl7").write_bytes(text.encode())
    return folder


def people(folder: Path, events: Iterable[str]) -> Path:
    """A hospital folder that knows its people, and nothing of its patients' care."""
    log(folder / "events.csv", events, header=HEADER)
    tables = {
        "departments.csv": "department,name,kind,site\nW1,一病区,clinical,main\nW2,二病区,clinical,main\n",
        "staff.csv": STAFF,
        "accounts.csv": ACCOUNTS,
        "patients.csv": "patient_id,name,sex,birth_date\n",
    }
    for name, text in tables.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def access(number: int, time: str, account: str, patient: str) -> str:
    return f"{number},{time}+08:00,{account},{patient},read,Encounter,EMR,ws1"
