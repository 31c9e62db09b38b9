# SPDX-License-Identifier: Apache-2.0
"""Audit files of databases that no server here writes: MySQL's general log, JSON and XML; and what breaks in any of them."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from tests.unit.intake.reading import read
from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake import as_line
from wardkeep.watch.intake.database import starting
from wardkeep.watch.intake.database.made import place
from wardkeep.watch.intake.database.mysql_json import BEGINS
from wardkeep.watch.intake.database.statement import does


def lines(data: bytes, name: str = "audit.log") -> list[dict[str, Any]]:
    found = read(data, name)
    assert not [one for one in found if isinstance(one, Rejected)], found
    return [as_line(one) for one in found if isinstance(one, AccessEvent)]


def check(data: bytes, *due: dict[str, Any]) -> None:
    found = lines(data)
    assert len(found) == len(due), found
    for line, expected in zip(found, due, strict=True):
        assert {key: line.get(key) for key in expected} == expected
    assert len(lines(gzip.compress(data), "audit.log.gz")) == len(due)


@pytest.mark.parametrize(
    "statement, action",
    [
        ("SELECT 1", "query"),
        ("  /* HIS */ -- x\n (select 1)", "query"),
        ("/*!50000 delete */ from a", "delete"),
        ("with a as (select 1) select * from a", "query"),
        ("select * from a into outfile '/tmp/a'", "export"),
        ("copy patient to '/tmp/a'", "export"),
        ("COPY (select 1) TO STDOUT", "export"),
        ("copy patient from stdin", "create"),
        ("Insert into a", "create"),
        ("load data infile 'x' into table a", "create"),
        ("merge into a", "update"),
        ("TRUNCATE a", "delete"),
        ("create table copy as select * from patient", "query"),
        ("call report(1)", "query"),
        ("set names utf8", "other"),
        ("COMMIT", "other"),
        ("", "query"),
        ("/* never closed", "query"),
        ("((((", "query"),
    ],
)
def test_what_a_statement_alone_does_is_told_by_its_words(statement: str, action: str) -> None:
    assert does(statement) == action


def test_an_endless_statement_takes_no_time() -> None:
    assert does("/*" * 100_000) == "query" and does("-- \n" * 100_000) == "query" and does("( ; " * 100_000) == "query"


@pytest.mark.parametrize(
    "host, due",
    [
        ("10.0.0.1", ("10.0.0.1", None)),
        ("10.0.0.1:5432", ("10.0.0.1", None)),
        ("10.0.0.1(5432)", ("10.0.0.1", None)),
        ("::1", ("::1", None)),
        ("[::1]:99", ("::1", None)),
        ("PC-7", (None, "PC-7")),
        ("localhost:99", (None, "localhost")),
        ("", (None, None)),
    ],
)
def test_a_client_is_an_address_or_a_name_with_a_port_or_without(host: str, due: tuple[str | None, str | None]) -> None:
    assert place(host) == due


def test_the_general_log_of_mysql_is_read_with_who_a_connection_is() -> None:
    data = (
        "/usr/sbin/mysqld, Version: 8.0.36 (MySQL Community Server - GPL). started with:\n"
        "Tcp port: 3306  Unix socket: /tmp/mysql.sock\nTime                 Id Command    Argument\n"
        "2026-03-02T00:15:00.123456Z\t    8 Connect\this@10.1.2.3 on his using SSL/TLS\n"
        "2026-03-02T00:15:01.000000Z\t    8 Query\tselect *\nfrom 患者\n\nwhere id = 1\n"
        "2026-03-02T00:15:02.000000Z\t    8 Prepare\tselect * from a where id = ?\n"
        "2026-03-02T00:15:02.000001Z\t    8 Execute\tselect * from a where id = 7\n"
        "2026-03-02T00:15:03.000000Z\t    9 Connect\tx@10.1.2.4 on  using TCP/IP\n"
        "2026-03-02T00:15:03.000001Z\t    9 Connect\tAccess denied for user 'x'@'10.1.2.4' (using password: YES)\n"
        "2026-03-02T00:15:04.000000Z\t    8 Init DB\tlis\n"
        "2026-03-02T00:15:05.000000Z\t    8 Query\tupdate a set b=1\n"
        "2026-03-02T00:15:06.000000Z\t    8 Quit\t\n"
    ).encode()
    check(
        data,
        {"account": "his", "ip": "10.1.2.3", "action": "login", "session_id": "8", "database": "his",
         "time": "2026-03-02T00:15:00.123456+00:00", "format": "mysql-general"},
        {"account": "his", "action": "query", "query": "select *\nfrom 患者\n\nwhere id = 1", "kind": "access",
         "source": {"file": "audit.log", "position": "5"}},
        {"kind": "other"}, {"query": "select * from a where id = 7", "action": "query"}, {"account": "x", "action": "login"},
        {"account": "x", "outcome": "failure"}, {"kind": "other"}, {"action": "update", "database": "lis"},
        {"action": "logout", "account": "his"},
    )  # fmt: skip


def test_a_general_log_that_begins_in_the_middle_keeps_what_has_no_time() -> None:
    data = b"\t\t   3 Query\tselect 1\n260302  8:15:00\t   3 Query\tselect 2\n\t\t   3 Query\tselect 3\n"
    first, *rest = read(data, "general.log")
    assert isinstance(first, Rejected) and first.reason.startswith("no-time: ")
    assert [one.query for one in rest if isinstance(one, AccessEvent)] == ["select 2", "select 3"]


NEW = b"""[
  {
    "timestamp": "2026-03-02 00:15:00",
    "id": 0,
    "class": "audit",
    "event": "startup",
    "connection_id": 0
  },
  {
    "timestamp": "2026-03-02 00:15:01",
    "id": 1,
    "class": "connection",
    "event": "connect",
    "connection_id": 11,
    "account": { "user": "his", "host": "%" },
    "login": { "user": "his", "os": "wang", "ip": "10.1.2.3", "proxy": "" },
    "connection_data": { "connection_type": "ssl", "status": 1045, "db": "his",
      "connection_attributes": { "program_name": "mysqldump" } }
  },
  {
    "timestamp": "2026-03-02 00:15:02",
    "id": 2,
    "class": "general",
    "event": "status",
    "connection_id": 11,
    "account": { "user": "root[root] @ localhost [10.1.2.3]", "host": "localhost" },
    "login": { "user": "root[root] @ localhost [10.1.2.3]", "os": "", "ip": "10.1.2.3", "proxy": "" },
    "general_data": { "command": "Query", "sql_command": "select", "query": "select *\\nfrom a", "status": 0 }
  },
  {
    "timestamp": "2026-03-02 00:15:02",
    "id": 3,
    "class": "table_access",
    "event": "read",
    "connection_id": 11,
    "account": { "user": "his", "host": "" },
    "table_access_data": { "db": "his", "table": "a", "query": "select * from a", "sql_command": "select" }
  }
"""


def test_the_audit_log_of_mysql_as_json_is_read_while_it_is_still_open() -> None:
    check(
        NEW,
        {"kind": "other"},
        {"account": "his", "ip": "10.1.2.3", "action": "login", "outcome": "denied", "os_user": "wang", "client": "mysqldump",
         "time": "2026-03-02T00:15:01+00:00", "format": "mysql-json", "status": "1045"},
        {"account": "root", "ip": "10.1.2.3", "action": "query", "query": "select *\nfrom a", "kind": "access"},
        {"kind": "other", "resource": "his.a"},
    )  # fmt: skip
    assert len(lines(NEW + b"]\n")) == 4


def test_the_older_audit_log_of_percona_as_json_is_read() -> None:
    check(
        b'{"audit_record":{"name":"Query","record":"6_2026-03-02T00:00:00","timestamp":"2026-03-02T00:15:00 UTC",'
        b'"command_class":"select","connection_id":"12","status":1142,"sqltext":"select 1","user":"his[his] @  [10.1.2.3]",'
        b'"host":"","os_user":"","ip":"10.1.2.3","db":"his"}}\n'
        b'{"audit_record":{"name":"Quit","record":"7_x","timestamp":"2026-03-02T00:16:00 UTC","connection_id":"12","status":0,'
        b'"user":"his","host":"","ip":"10.1.2.3"}}\n',
        {"account": "his", "ip": "10.1.2.3", "action": "query", "query": "select 1", "outcome": "denied"},
        {"account": "his", "action": "logout"},
    )


XML = """<?xml version="1.0" encoding="utf-8"?>
<AUDIT>
 <AUDIT_RECORD>
  <TIMESTAMP>2026-03-02T00:15:00 UTC</TIMESTAMP>
  <RECORD_ID>2_2026</RECORD_ID>
  <NAME>Query</NAME>
  <CONNECTION_ID>5</CONNECTION_ID>
  <STATUS>0</STATUS>
  <USER>his[his] @ localhost [10.1.2.3]</USER>
  <OS_LOGIN/>
  <HOST>localhost</HOST>
  <IP>10.1.2.3</IP>
  <COMMAND_CLASS>select</COMMAND_CLASS>
  <SQLTEXT>select *
from 患者 where a &lt; 3 and b = &apos;x&apos;</SQLTEXT>
 </AUDIT_RECORD>
 <AUDIT_RECORD>
  <TIMESTAMP>2026-03-02T08:16:00</TIMESTAMP>
  <NAME>TableRead</NAME>
  <DB>his</DB>
  <TABLE>a</TABLE>
 </AUDIT_RECORD>
<AUDIT_RECORD
  NAME="Connect"
  RECORD="3_2026"
  TIMESTAMP="2026-03-02T00:17:00 UTC"
  CONNECTION_ID="6"
  STATUS="1045"
  USER="lis"
  PRIV_USER=""
  OS_LOGIN=""
  HOST="PC-7"
  IP=""
  DB="a > b"
/>
""".encode()


def test_the_audit_log_of_mysql_as_xml_is_read_in_both_styles() -> None:
    check(
        XML,
        {"account": "his", "ip": "10.1.2.3", "query": "select *\nfrom 患者 where a < 3 and b = 'x'", "action": "query",
         "time": "2026-03-02T00:15:00+00:00", "format": "mysql-xml"},
        {"kind": "other", "resource": "his.a", "time": "2026-03-02T00:16:00+00:00"},
        {"account": "lis", "workstation": "PC-7", "action": "login", "outcome": "denied", "database": "a > b"},
    )  # fmt: skip
    assert len(lines(XML + b"</AUDIT>\n")) == 3


def test_a_document_type_in_a_record_is_refused_unread() -> None:
    hostile = XML.replace(b"<NAME>Query", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><NAME>&x;')
    found = read(hostile, "audit.xml")
    assert [isinstance(one, Rejected) for one in found] == [True, False, False]


@pytest.mark.parametrize("data, mark", [(NEW, b'"id": 2'), (XML, b"TableRead")], ids=["json", "xml"])
def test_a_damaged_record_costs_no_neighbour(data: bytes, mark: bytes) -> None:
    whole = [one.raw_sha256 for one in read(data, "a.log") if isinstance(one, AccessEvent)]
    start = data.rindex(b"{" if data is NEW else b"<AUDIT_RECORD", 0, data.index(mark))
    for at, new in ((start, b""), (start + 4, b"\x00"), (start + 20, b'"'), (start + 20, b"\n<a>\n}")):
        broken = data[:at] + new + data[at + 1 :]
        found = read(broken, "a.log")
        kept = [one.raw_sha256 for one in found if isinstance(one, AccessEvent)]
        assert len(set(whole) - set(kept)) <= 1, (at - start, new)
        assert any(isinstance(one, Rejected) for one in found) or kept != whole


def test_records_are_cut_at_their_beginnings_whatever_the_chunks() -> None:
    data = NEW * 50
    whole = [(r.line, r.raw) for r in starting.records(data, 1, BEGINS)]
    for size in (7, 100, 5000):
        chunks = iter([data[i : i + size] for i in range(0, len(data), size)])
        found = []
        for block in starting.blocks(chunks, BEGINS, size=900):
            assert hasattr(block, "data") and data[block.offset : block.offset + block.size] == block.data
            found += [(r.line, r.raw) for r in starting.records(block.data, block.line, BEGINS)]
        assert found == whole


def test_what_never_begins_is_kept_and_takes_no_memory() -> None:
    chunks = (b"x" * 1_000_000 for _ in range(12))
    sizes = [block.size for block in starting.blocks(chunks, BEGINS, size=1_000_000) if hasattr(block, "offset")]
    assert sum(sizes) == 12_000_000 and max(sizes) < 8_000_000


@pytest.mark.parametrize(
    "command, name, statement, action",
    [
        ("DROP TABLE", "public.emr", '"drop table emr"', "delete"),
        ("DROP TABLE", "public.emr", "<previously logged>", "delete"),
        ("DROP TABLE", "public.tmp_a", "<previously logged>", "query"),
        ("ALTER TABLE", "public.emr", '"alter table emr drop column note"', "delete"),
        ("ALTER TABLE", "public.emr", '"alter table emr add column a int"', "query"),
        ("CREATE TABLE AS", "public.x", '"create table x as select * from emr"', "query"),
        ("GRANT", "", '"grant delete on emr to public"', "query"),
    ],
)
def test_a_line_of_pgaudit_about_tables_is_told_by_its_statement(
    command: str, name: str, statement: str, action: str
) -> None:
    line = (
        "2026-03-02 08:15:04.123 UTC [1234] li4@his LOG:  AUDIT: SESSION,5,1,DDL,"
        f"{command},TABLE,{name},{statement},<none>\n"
    )
    check(line.encode(), {"action": action, "account": "li4"})
