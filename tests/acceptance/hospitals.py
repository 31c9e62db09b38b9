# SPDX-License-Identifier: Apache-2.0
"""Exports of small hospitals, written as hospitals write them. All names are invented."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

HEADER = "event_id,time,account,patient_id,action,resource,system,workstation"
#: A ward, its nurse, a nurse of another ward, and a patient who lay on the first.
TABLES = {
    "departments.csv": "department,name,kind,site\nW1,内科一病区,clinical,main\nW2,骨科病区,clinical,main\n",
    "staff.csv": (
        "staff_id,name,role,department,employed_from,employed_to\n"
        "s1,林一,nurse,W1,2020-01-01,\ns2,周二,nurse,W2,2020-01-01,\n"
    ),
    "accounts.csv": (
        "account,staff_id,kind,enabled_from,enabled_to,department\n"
        "nurse1,s1,person,2020-01-01,,\nnurse2,s2,person,2020-01-01,,\n"
    ),
    "patients.csv": "patient_id,name,sex,birth_date,died_on,sensitivity\np1,陈某,F,1970-05-01,,vip\n",
    "encounters.csv": (
        "encounter_id,patient_id,kind,department,start,end,attending_id\n"
        "e1,p1,inpatient,W1,2026-03-01T09:00:00+08:00,2026-03-05T10:00:00+08:00,\n"
    ),
    "shifts.csv": (
        "staff_id,department,start,end\ns1,W1,2026-03-02T07:30:00+08:00,2026-03-02T16:00:00+08:00\n"
        "s2,W2,2026-03-02T07:30:00+08:00,2026-03-02T16:00:00+08:00\n"
    ),
}
EVENTS = (
    "1,2026-03-02T08:15:00+08:00,nurse1,p1,read,Encounter,EMR,ws1",
    "2,2026-03-02T08:20:00+08:00,nurse2,p1,read,Encounter,EMR,ws2",
)
#: The HIS export as simulate writes it, in short: GB18030, local times, Chinese words.
HIS_MAPPING = """name = "his"
system = "HIS"
encoding = "gb18030"
separator = ","
header = true
zone = "Asia/Shanghai"
time_format = "%Y/%m/%d %H:%M:%S"

[columns]
event_id = "日志编号"
time = "操作时间"
account = "工号"
patient_id = "患者编号"
action = "操作类型"
workstation = "工作站"

[values.action]
"浏览" = "read"
"打印" = "print"
"""
HIS_HEADER = "日志编号,操作时间,工号,患者编号,操作类型,工作站"


def hospital(folder: Path, *, events: Iterable[str] = EVENTS, **changed: str | None) -> Path:
    """The small hospital's folder. changed: table -> its text, None leaves it out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in TABLES.items():
        kept = changed.get(name.removesuffix(".csv"), text)
        if kept is not None:
            (folder / name).write_text(kept, encoding="utf-8")
    log(folder / "events.csv", events)
    return folder


def log(path: Path, events: Iterable[str], *, header: str = HEADER) -> Path:
    """An events file of the hospital folder's kind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in (header, *events)), encoding="utf-8")
    return path


def his_export(path: Path, rows: Iterable[str], *, mapping: str | None = HIS_MAPPING) -> Path:
    """A GB18030 export, its mapping beside it unless that is None."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(line + "\r\n" for line in (HIS_HEADER, *rows)).encode("gb18030"))
    if mapping is not None:
        path.with_suffix(".toml").write_text(mapping, encoding="utf-8")
    return path


def audit_event(event_id: str, time: str, account: str, patient: str, **more: object) -> str:
    """One FHIR R4 AuditEvent as a line."""
    event: Mapping[str, object] = {
        "resourceType": "AuditEvent",
        "id": event_id,
        "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
        "subtype": [{"system": "http://hl7.org/fhir/restful-interaction", "code": "read"}],
        "action": "R",
        "recorded": time,
        "outcome": "0",
        "agent": [{"who": {"identifier": {"value": account}}, "requestor": True, "network": {"address": "10.0.0.7"}}],
        "source": {"observer": {"display": "EMR"}},
        "entity": [
            {
                "what": {"reference": f"Patient/{patient}"},
                "role": {"system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "1"},
            }
        ],
        **more,
    }
    return json.dumps(event, ensure_ascii=False)


def many(
    count: int, *, accounts: int = 20, patients: int = 500, begins: str = "2026-03-02T08:00:00+08:00"
) -> list[str]:
    """Rows of an events file, each another event, spread over five days."""
    first = datetime.fromisoformat(begins).astimezone(UTC)
    step = timedelta(days=5) / count
    times = ((first + i * step).isoformat(timespec="seconds") for i in range(count))
    return [
        f"m{i},{time},u{i % accounts},q{i * 7 % patients},read,Encounter,EMR,ws{i % 9}" for i, time in enumerate(times)
    ]
