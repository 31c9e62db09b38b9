# SPDX-License-Identifier: Apache-2.0
"""The sources' files as their systems write them: other headers, words and encodings each, a mapping beside every one."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

Row = dict[str, object]
#: What the audit's column of kinds says of the first word of a statement.
BLOCKS = {"begin": "EXECUTE", "declare": "EXECUTE", "call": "EXECUTE"}
RESULTS = {"success": "成功", "denied": "拒绝", "failure": "失败"}


def _local(time: object) -> str:
    """Local time without its offset."""
    return str(time)[:19].replace("T", " ")


def _audit(row: Row) -> list[object]:
    text = str(row["query"])
    verb = text.replace("/*", " ").split(maxsplit=1)[0].lower()
    number = str(row["event_id"])[1:]
    return [
        row["event_id"], _local(row["time"]), "Oracle", row["resource"], row["account"], row["ip"],
        49_152 + int(number) % 16_000, row["workstation"], row["os_user"], row["program"], row["server"],
        BLOCKS.get(verb, verb.upper()), row["count"], RESULTS[str(row["outcome"])], row["session_id"], row["site"], text,
    ]  # fmt: skip


def _windows(row: Row) -> list[object]:
    failed = row["outcome"] != "success"
    code = "4634" if row["action"] == "logout" else "4625" if failed else "4624"
    return [
        str(row["event_id"]), _local(row["time"]), code, row["account"], "YUNXI", row["workstation"], row["ip"], 2,
        row["session_id"] or "-", row["site"],
    ]  # fmt: skip


def _vpn(row: Row) -> list[object]:
    return [
        row["event_id"], _local(row["time"]).replace("-", "/"), row["account"],
        "用户下线" if row["action"] == "logout" else "用户上线", RESULTS[str(row["outcome"])], row["ip"],
        row["assigned_ip"] or "-", row["session_id"] or "-", row["server"],
    ]  # fmt: skip


def _bastion(row: Row) -> list[object]:
    zoned = [
        str(t)[:19].replace("-", "/").replace("T", " ") + " +0800" if t else "" for t in (row["time"], row["date_end"])
    ]
    database = "DB" in str(row["resource"])
    return [
        row["session_id"], f"{row['person_name']}({row['account']})", row["resource"],
        f"{row['target_account']}({row['target_account']})", "oracle" if database else "ssh", row["program"], row["ip"],
        "True", zoned[0], zoned[1],
    ]  # fmt: skip


def _badge(row: Row) -> list[object]:
    said = "合法卡开门" if row["outcome"] == "success" else "无权限"
    return [row["event_id"], _local(row["time"]), row["account"], row["resource"], row["direction"], said, row["site"]]


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """How one source is written; its mapping has its name."""

    system: str
    name: str
    encoding: str
    headers: tuple[str, ...]
    cells: Callable[[Row], list[object]]
    #: Written as the product that is meant writes it, and read by the mapping that ships for it.
    shipped: bool = False


FILES = (
    File(
        system="DBA", name="db-audit.csv", encoding="gb18030", cells=_audit,
        headers=("日志编号", "发生时间", "数据库类型", "数据库名", "数据库用户", "客户端IP", "客户端端口", "主机名",
                 "操作系统用户", "客户端程序", "服务端IP", "操作类型", "影响行数", "执行结果", "会话ID", "院区", "SQL语句"),
    ),
    File(
        system="Windows", name="windows-security.csv", encoding="utf-8", cells=_windows,
        headers=("EventRecordID", "TimeCreated", "EventID", "TargetUserName", "TargetDomainName", "WorkstationName",
                 "IpAddress", "LogonType", "TargetLogonId", "Site"),
    ),
    File(
        system="VPN", name="vpn.csv", encoding="gb18030", cells=_vpn,
        headers=("日志编号", "时间", "用户名", "事件", "结果", "源IP", "虚拟IP", "会话ID", "网关"),
    ),
    File(
        system="JumpServer", name="jumpserver-session.csv", encoding="utf-8-sig", cells=_bastion,
        headers=("ID", "用户", "资产", "账号", "协议", "终端", "远端地址", "是否成功", "开始日期", "结束日期"),
        shipped=True,
    ),
    File(
        system="badge", name="door-badge.csv", encoding="gb18030", cells=_badge,
        headers=("流水号", "刷卡时间", "卡号", "门", "进出", "结果", "院区"),
    ),
)  # fmt: skip


def mapping_of(file: File) -> str:
    return file.name.replace(".csv", ".toml")


def mapping_text(file: File) -> str:
    room = files("wardkeep.watch.intake").joinpath("mappings") if file.shipped else files("simulate.sources")
    return room.joinpath(mapping_of(file)).read_text("utf-8")


def rows_of(events: pa.Table, system: str) -> Iterator[Row]:
    mine = events.filter(pc.equal(events["system"], system))
    columns = {name: mine[name].to_pylist() for name in mine.column_names}
    for cells in zip(*columns.values(), strict=True):
        yield dict(zip(columns, cells, strict=True))


def write_sources(events: pa.Table, folder: Path, names: Mapping[str, str]) -> list[Path]:
    """Write each source's file and its mapping; the files, mappings first. `names`: whose an account is."""
    mappings, logs = [], []
    for file in FILES:
        mapping = folder / mapping_of(file)
        mapping.write_text(mapping_text(file), "utf-8")
        log = folder / file.name
        with log.open("w", encoding=file.encoding, newline="") as out:
            lines = csv.writer(out, lineterminator="\r\n")
            lines.writerow(file.headers)
            for row in rows_of(events, file.system):
                lines.writerow(file.cells(row | {"person_name": names.get(str(row["account"]), "")}))
        mappings.append(mapping)
        logs.append(log)
    return mappings + logs
