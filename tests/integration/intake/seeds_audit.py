# SPDX-License-Identifier: Apache-2.0
"""Seeds of what databases and Windows write themselves, and of a sheet."""

from __future__ import annotations

import json
import zipfile
from functools import lru_cache
from io import BytesIO

from tests.evtx import Event, log, templated
from tests.integration.intake.seeds import ROWS, Seed, _lines
from tests.unit.intake.test_sheets import RELS, SHEET, book, shared
from wardkeep.watch.intake.mapping import Mapping, parse_mapping

SAID = ("select 1", "select * from 患者 where a='x,y'", 'update a set b="q"', "delete from a", "call p(1)")


def _at(i: int) -> str:
    return f"08:{i:02d}:00"


def mariadb() -> Seed:
    rows = [
        f"20260302 {_at(i)},db1,u{i},10.0.0.{i},{i},{i},QUERY,his,'{SAID[i % 5]}',{(0, 1045)[i % 2]}".encode()
        for i in range(ROWS)
    ]
    return Seed("mariadb-audit", "server_audit.log", *_lines(rows), form="mariadb-audit")


def general() -> Seed:
    rows = [
        f"2026-03-02T{_at(i)}.000000Z\t   {i} Connect\tu{i}@10.0.0.{i} on his using TCP/IP".encode()
        for i in range(ROWS)
    ]
    # What a connection is counts for what follows, and a line that is none goes on with the one before.
    return Seed("mysql-general", "general.log", *_lines(rows), separable=False)


def mysql_json() -> Seed:
    rows = [
        b"  "
        + json.dumps(
            {"timestamp": f"2026-03-02 {_at(i)}", "id": i, "class": "general", "event": "status", "connection_id": i,
             "account": {"user": f"u{i}", "host": "pc"}, "login": {"user": f"u{i}", "ip": f"10.0.0.{i}"},
             "general_data": {"command": "Query", "query": SAID[i % 5], "status": 0}},
            ensure_ascii=False,
        ).encode()
        + b","
        for i in range(ROWS)
    ]  # fmt: skip
    return Seed("mysql-json", "audit.json", *_lines(rows, head=b"[\n"), form="mysql-json")


def mysql_xml() -> Seed:
    rows = [
        f" <AUDIT_RECORD>\n  <TIMESTAMP>2026-03-02T{_at(i)} UTC</TIMESTAMP>\n  <NAME>Query</NAME>\n"
        f"  <CONNECTION_ID>{i}</CONNECTION_ID>\n  <USER>u{i}[u{i}] @ pc [10.0.0.{i}]</USER>\n"
        f"  <SQLTEXT>{SAID[i % 4]}</SQLTEXT>\n </AUDIT_RECORD>".encode()
        for i in range(ROWS)
    ]
    head = b'<?xml version="1.0" encoding="utf-8"?>\n<AUDIT>\n'
    return Seed("mysql-xml", "audit.xml", *_lines(rows, head=head), form="mysql-xml")


def postgres_csv() -> Seed:
    rows = [
        f'2026-03-02 {_at(i)}.000 CST,"u{i}","his",{i},"10.0.0.{i}:99",6b07a7c2.{i:x},{i},"SELECT",2026-03-02 08:00:00 CST,'
        f'3/{i},0,LOG,00000,"AUDIT: SESSION,1,1,READ,SELECT,,,""select\n{i}"",<none>",,,,,,,,,"app{i}","client backend",,0'
        .encode()
        for i in range(ROWS)
    ]  # fmt: skip
    return Seed("postgres-csv", "pg.csv", *_lines(rows), form="postgres-csv")


def postgres_json() -> Seed:
    rows = [
        json.dumps(
            {"timestamp": f"2026-03-02 {_at(i)}.000 CST", "user": f"u{i}", "dbname": "his", "pid": i, "remote_host": "10.0.0.1",
             "session_id": f"6b07a7c2.{i}", "line_num": i, "error_severity": "LOG", "message": f"statement: {SAID[i % 5]}"},
            ensure_ascii=False, separators=(",", ":"),
        ).encode()
        for i in range(ROWS)
    ]  # fmt: skip
    return Seed("postgres-json", "pg.json", *_lines(rows), form="postgres-json")


def postgres_text() -> Seed:
    rows = [
        f"2026-03-02 {_at(i)}.000 CST [{i}] u{i}@his 10.0.0.{i}(99) LOG:  statement: {SAID[i % 5]}\n\tfrom b".encode()
        for i in range(ROWS)
    ]
    return Seed("postgres-log", "postgresql.log", *_lines(rows), form="postgres-log", joins=True)


def evtx() -> Seed:
    data, spans = templated(
        [Event(1000 * i, 4624, {"TargetUserName": f"u{i}", "IpAddress": f"10.0.0.{i}"}) for i in range(1, ROWS + 1)]
    )
    # Names are told by their place in the chunk: a byte more or less in one record moves those of all behind it.
    return Seed("evtx", "security.evtx", log(data), tuple((4096 + a, 4096 + b) for a, b in spans), separable=False)


@lru_cache
def workbook() -> bytes:
    """A sheet of an export, its texts shared as Excel writes them."""
    rows = [[f"2026/03/02 {_at(i)}", f"u{i}", f"P{i}", "浏览"] for i in range(ROWS)]
    return shared(book([["时间", "工号", "患者", "操作"], *rows]))


def xlsx() -> Seed:
    data = workbook()
    return Seed("xlsx", "his.xlsx", data, ((0, len(data)),), _of_sheets(), separable=False)


def workbook_parts() -> tuple[Seed, ...]:
    """Each part of the workbook that is read."""
    with zipfile.ZipFile(BytesIO(workbook())) as archive:
        parts = {name: archive.read(name) for name in ("xl/workbook.xml", RELS, SHEET, "xl/sharedStrings.xml")}
    return tuple(
        Seed(f"xlsx:{name}", "his.xlsx", data, ((0, len(data)),), _of_sheets(), separable=False)
        for name, data in parts.items()
    )


def _of_sheets() -> Mapping:
    return parse_mapping(
        'name = "his"\nsystem = "HIS"\nzone = "Asia/Shanghai"\ntime_format = "%Y/%m/%d %H:%M:%S"\n[columns]\ntime = "时间"\n'
        'account = "工号"\npatient_id = "患者"\naction = "操作"\n[values.action]\n"浏览" = "read"\n',
        "his",
    )


def audit_seeds() -> tuple[Seed, ...]:
    """One of each."""
    return (
        mariadb(), general(), mysql_json(), mysql_xml(), postgres_csv(), postgres_json(), postgres_text(), evtx(), xlsx(),
    )  # fmt: skip
