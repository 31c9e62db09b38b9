# SPDX-License-Identifier: Apache-2.0
"""The same hospital as its systems write it: the EMR in FHIR, the HIS in a GB18030 export with local times, the rest plain.

The AuditEvents follow R4 and the patterns of IHE BALP 1.1 (server, client and user agents; the search text base64 in
`entity.query`; X-Request-Id as an entity); codes are from HL7 terminology, DICOM PS3.16 and ISO 21089.
"""

from __future__ import annotations

import base64
import csv
import gzip
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from simulate.hospital import Hospital
from simulate.parameters import Progress

EMR_FILE, HIS_FILE, OTHER_FILE, MAPPING_FILE = (
    "emr-audit.ndjson",
    "his-access.csv",
    "events-other.csv",
    "his-access.toml",
)
#: Chinese headers of the HIS export, in its order, and the column of the folder contract that each carries.
HIS_COLUMNS = {
    "日志编号": "event_id", "操作时间": "time", "工号": "account", "患者编号": "patient_id", "操作类型": "action",
    "操作对象": "resource", "记录数": "count", "结果": "outcome", "工作站": "workstation", "IP地址": "ip", "院区": "site",
    "会话号": "session_id", "内容": "query",
}  # fmt: skip
HIS_ACTIONS = {
    "login": "登录", "logout": "退出", "search": "检索", "read": "浏览", "create": "新增", "update": "修改", "delete": "删除",
    "print": "打印", "export": "导出", "query": "语句",
}  # fmt: skip
HIS_OUTCOMES = {"success": "成功", "denied": "拒绝", "failure": "失败"}
HIS_SITES = {"main": "本部", "east": "东院", "remote": "远程"}

REST = '"type":{"system":"http://terminology.hl7.org/CodeSystem/audit-event-type","code":"rest"}'
DCM = "http://dicom.nema.org/resources/ontology/DCM"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
REASONS = {"treatment": "TREAT", "payment": "HPAYMT", "operations": "HOPERAT", "research": "HRESCH"}
OUTCOMES = {"success": "0", "denied": "4", "failure": "8"}
ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
KIND = "http://terminology.hl7.org/CodeSystem/audit-entity-type"


def _what(profile: str, code: str, interaction: str) -> str:
    return (
        f'"meta":{{"profile":["{BALP}{profile}"]}},{REST},"subtype":[{{"system":"{INTERACTION}","code":"{interaction}"}}],'
        f'"action":"{code}"'
    )


def _sign(code: str, word: str) -> str:
    return (
        f'"type":{{"system":"{DCM}","code":"110114","display":"User Authentication"}},'
        f'"subtype":[{{"system":"{DCM}","code":"{code}","display":"{word}"}}],"action":"E"'
    )


def _life(code: str, letter: str) -> str:
    return (
        f'"type":{{"system":"http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle","code":"{code}"}},'
        f'"subtype":[{{"system":"http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle","code":"{code}"}}],"action":"{letter}"'
    )


ACTIONS = {
    "read": _what("PatientRead", "R", "read"),
    "create": _what("PatientCreate", "C", "create"),
    "update": _what("PatientUpdate", "U", "update"),
    "delete": _what("PatientDelete", "D", "delete"),
    "search": _what("Query", "E", "search"),
    "login": _sign("110122", "Login"),
    "logout": _sign("110123", "Logout"),
    # Output on paper, and release as a file.
    "print": _life("report", "R"),
    "export": _life("transmit", "R"),
    "query": _life("access", "E"),
}


def audit_events(events: pa.Table) -> Iterator[str]:
    """One AuditEvent per event, as a line of JSON without its end."""
    columns = [events[name].to_pylist() for name in events.column_names]
    at = {name: i for i, name in enumerate(events.column_names)}
    for row in zip(*columns, strict=True):
        event_id, time, account = row[at["event_id"]], row[at["time"]], row[at["account"]]
        seconds, patient, action = row[at["duration_s"]], row[at["patient_id"]], row[at["action"]]
        site, station, ip = row[at["site"]], row[at["workstation"]], row[at["ip"]]
        purpose, query, resource = row[at["purpose"]], row[at["query"]], row[at["resource"]]
        codes = [REASONS[purpose]] if purpose else []
        if row[at["breakglass"]]:
            codes.append("BTG")
        why = ""
        if codes:
            coded = ",".join(
                f'{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"{c}"}}]}}'
                for c in codes
            )
            why = f',"purposeOfUse":[{coded}]'
        period = f'"period":{{"start":"{time}","end":"{_later(time, seconds)}"}},' if seconds is not None else ""
        entities = []
        if patient:
            entities.append(
                f'{{"what":{{"reference":"Patient/{patient}"}},"type":{{"system":"{KIND}","code":"1"}},'
                f'"role":{{"system":"{ROLE}","code":"1"}}}}'
            )
            if action != "search":
                entities.append(
                    f'{{"what":{{"reference":"{resource}/{event_id[1:]}"}},"type":{{"system":"{KIND}","code":"2"}},'
                    f'"role":{{"system":"{ROLE}","code":"4"}}}}'
                )
        if query:
            coded_query = base64.b64encode(f"GET https://emr.invalid/fhir/Patient?name={query}".encode()).decode()
            entities.append(
                f'{{"type":{{"system":"{KIND}","code":"2"}},"role":{{"system":"{ROLE}","code":"24"}},"query":"{coded_query}"}}'
            )
        if action not in ("login", "logout"):
            entities.append(
                '{"what":{"identifier":{"value":"req-'
                + event_id[1:]
                + '"}},"type":{"system":"https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType","code":"XrequestId"}}'
            )
        entity = f',"entity":[{",".join(entities)}]' if entities else ""
        yield (
            f'{{"resourceType":"AuditEvent","id":"{event_id}",{ACTIONS[action]},{period}"recorded":"{time}",'
            f'"outcome":"{OUTCOMES[row[at["outcome"]]]}","agent":['
            f'{{"type":{{"coding":[{{"system":"{DCM}","code":"110153"}}]}},"who":{{"display":"{station}"}},"requestor":false,'
            f'"network":{{"address":"{ip}","type":"2"}}}},'
            f'{{"type":{{"coding":[{{"system":"{DCM}","code":"110152"}}]}},"who":{{"display":"emr.invalid"}},"requestor":false}},'
            f'{{"type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}}]}},'
            f'"who":{{"identifier":{{"value":"{account}"}}}},"requestor":true{why}}}],'
            f'"source":{{"site":"{site}","observer":{{"display":"EMR"}}}}{entity}}}'
        )


def _later(time: str, seconds: int) -> str:
    """`time` plus seconds, in the same offset (by hand: a hundred thousand of these are written)."""
    h, m, s = int(time[11:13]), int(time[14:16]), int(time[17:19])
    total = h * 3600 + m * 60 + s + seconds
    if total >= 86_400:
        return f"{time[:10]}T23:59:59{time[19:]}"
    return f"{time[:11]}{total // 3600:02d}:{total // 60 % 60:02d}:{total % 60:02d}{time[19:]}"


def his_lines(events: pa.Table) -> Iterator[list[str]]:
    """Header and rows of the HIS export: local times without offset, Chinese words."""
    yield list(HIS_COLUMNS)
    columns = [events[name].to_pylist() for name in HIS_COLUMNS.values()]
    for row in zip(*columns, strict=True):
        event_id, time, account, patient, action, resource, count, outcome, station, ip, site, session, query = row
        yield [
            event_id, f"{time[:4]}/{time[5:7]}/{time[8:10]} {time[11:19]}", account, patient or "", HIS_ACTIONS[action],
            resource or "", str(count), HIS_OUTCOMES[outcome], station, ip, HIS_SITES[site], session, query or "",
        ]  # fmt: skip


def write_foreign(hospital: Hospital, folder: Path, tell: Progress, *, compress: bool = False) -> list[Path]:
    """Write the events of each system in its own format; `compress` gzips the EMR's file. The files, mapping first."""
    events = hospital.events
    mapping = folder / MAPPING_FILE
    mapping.write_text(files("simulate").joinpath(MAPPING_FILE).read_text("utf-8"), "utf-8")
    tell(0.1, EMR_FILE)
    emr = folder / (EMR_FILE + ".gz" if compress else EMR_FILE)
    with gzip.GzipFile(emr, "wb", compresslevel=1, mtime=0) if compress else emr.open("wb") as out:
        lines: list[str] = []
        for line in audit_events(_of(events, "EMR")):
            lines.append(line)
            if len(lines) == 4096:
                out.write(("\n".join(lines) + "\n").encode())
                lines.clear()
        out.write("".join(line + "\n" for line in lines).encode())
    tell(0.7, HIS_FILE)
    his = folder / HIS_FILE
    with his.open("w", encoding="gb18030", newline="") as text:
        csv.writer(text, lineterminator="\r\n").writerows(his_lines(_of(events, "HIS")))
    tell(0.9, OTHER_FILE)
    rest = events.filter(pc.and_(pc.not_equal(events["system"], "EMR"), pc.not_equal(events["system"], "HIS")))
    other = folder / OTHER_FILE
    with other.open("wb") as out:
        out.write((",".join(rest.column_names) + "\n").encode())
        pacsv.write_csv(rest, out, pacsv.WriteOptions(include_header=False))
    tell(1.0, "done")
    return [mapping, emr, his, other]


def _of(events: pa.Table, system: str) -> pa.Table:
    return events.filter(pc.equal(events["system"], system))
