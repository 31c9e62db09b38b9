# SPDX-License-Identifier: Apache-2.0
"""Audit files that real servers write: MariaDB (its plugin, its general log) and PostgreSQL with pgaudit in all three forms."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import mariadb
from tests.postgres import NoPostgres, a_server, binaries
from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake import as_line, read_batches, read_events

ZONE = "Asia/Shanghai"
STATEMENTS = (
    "create table patient (id int primary key, name varchar(50))",
    "insert into patient values (1,'王芳'),(2,'O''Neil, \"Ann\"')",
    "select *\nfrom patient\nwhere name='王芳' -- two lines\n",
    "select name, count(*) from patient group by name",
    "update patient set name='back\\\\slash' where id=2",
    "delete from patient where id=2",
)


def events(path: Path) -> list[dict[str, Any]]:
    """What a file holds; read in several processes it holds the same."""
    found = list(read_events(path, zone=ZONE))
    assert not [one for one in found if isinstance(one, Rejected)], found
    batches = read_batches(path, zone=ZONE, workers=2 if path.name in ("general.log", "pg.csv") else 0)
    assert sum(batch.records for batch in batches) == len(found)
    return [as_line(one) for one in found if isinstance(one, AccessEvent)]


def wait_for(told: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not told():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def bare(statement: str) -> str:
    return statement.rstrip()


@pytest.fixture(scope="module")
def mysql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The two files of a MariaDB server on which some work was done."""
    kept = tmp_path_factory.mktemp("mariadb")
    options = (
        "--plugin-load-add=server_audit", "--server-audit-logging=ON", "--server-audit-file-path={folder}/audit.log",
        "--general-log=1", "--general-log-file={folder}/general.log",
    )  # fmt: skip
    try:
        with mariadb.a_server(*options) as server:
            import pymysql

            connection = server.connect(database="his")
            cursor = connection.cursor()
            cursor.execute("create user app@'127.0.0.1' identified by 'x', app@localhost identified by 'x'")
            cursor.execute("grant all on his.* to app@'127.0.0.1', app@localhost")
            connection.close()
            for password in ("wrong", "x"):
                try:
                    connection = server.connect("app", password, "his")
                except pymysql.OperationalError:
                    continue
                cursor = connection.cursor()
                for statement in STATEMENTS:
                    cursor.execute(statement)
                with pytest.raises(pymysql.ProgrammingError):
                    cursor.execute("select * from nowhere")
                connection.close()
            wait_for(
                lambda: b"app,localhost" in (server.folder / "audit.log").read_bytes().rpartition(b"DISCONNECT")[0]
            )
            wait_for(lambda: (server.folder / "general.log").read_bytes().rstrip().endswith(b"Quit"))
            for name in ("audit.log", "general.log"):
                (kept / name).write_bytes((server.folder / name).read_bytes())
    except mariadb.NoMariaDB as exc:
        pytest.skip(str(exc))
    yield kept / "audit.log", kept / "general.log"


def test_the_file_of_mariadbs_audit_plugin_is_read_in_full(mysql: tuple[Path, Path]) -> None:
    found = [line for line in events(mysql[0]) if line["account"] == "app"]
    assert {line["format"] for line in found} == {"mariadb-audit"}
    assert [(line["action"], line["outcome"]) for line in found if line["action"] in ("login", "logout")] == [
        ("login", "failure"), ("logout", "success"), ("login", "success"), ("logout", "success"),
    ]  # fmt: skip
    told = [line for line in found if line["query"] and line["kind"] == "access"]
    assert [bare(line["query"]) for line in told[:-1]] == [bare(s) for s in STATEMENTS]
    assert [line["action"] for line in told] == ["query", "create", "query", "query", "update", "delete", "query"]
    assert told[-1]["outcome"] == "failure" and told[-1]["status"] == "1146"
    tables = [line for line in found if line["resource"] == "his.patient"]
    assert tables and {line["kind"] for line in tables} == {"other"}
    assert {line["request_id"] for line in tables} <= {line["request_id"] for line in told}


def test_mariadbs_general_log_tells_the_same_statements(mysql: tuple[Path, Path]) -> None:
    found = [line for line in events(mysql[1]) if line["account"] == "app"]
    told = [line for line in found if line["query"] and line["kind"] == "access"]
    assert [bare(line["query"]) for line in told] == [*map(bare, STATEMENTS), "select * from nowhere"]
    assert {line["session_id"] for line in told} == {told[0]["session_id"]}
    assert [line["outcome"] for line in found if line["action"] == "login"] == ["success", "failure", "success"]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder with the three logs of a PostgreSQL server with pgaudit."""
    import psycopg

    try:
        if not (list(Path("/usr/lib/postgresql").glob("*/lib/pgaudit.so")) and binaries()):
            pytest.skip("pgaudit is not installed")
    except NoPostgres as exc:
        pytest.skip(str(exc))
    kept = tmp_path_factory.mktemp("postgres")
    settings = {
        "shared_preload_libraries": "pgaudit", "logging_collector": "on", "log_destination": "csvlog,jsonlog,stderr",
        "log_filename": "pg.log", "log_connections": "on", "log_disconnections": "on", "log_timezone": ZONE,
        "log_line_prefix": "%m [%p] %q%u@%d %r ", "pgaudit.log": "all", "pgaudit.log_catalog": "off",
        "pgaudit.log_rows": "on",
    }  # fmt: skip
    with a_server(settings=settings) as url:
        with psycopg.connect(url, autocommit=True, application_name="HIS 3.1") as connection:
            row = connection.execute("show data_directory").fetchone()
            assert row is not None
            logs = Path(row[0]) / "log"
            for statement in STATEMENTS:
                connection.execute(statement)
            connection.execute("select * from patient where id = %s", (1,))
            with pytest.raises(psycopg.errors.UndefinedTable):
                connection.execute("select *\nfrom nowhere")
            connection.execute("create role reader login")
            connection.execute("set role reader")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("select * from patient")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url.replace("//wardkeep:", "//nobody:"))
        names = ("pg.csv", "pg.json", "pg.log")
        wait_for(
            lambda: all(b'nobody"' in (logs / n).read_bytes().replace(b'\\"', b'"').replace(b'""', b'"') for n in names)
        )
        for name in names:
            (kept / name).write_bytes((logs / name).read_bytes())
    yield kept


@pytest.mark.parametrize(
    "name, form", [("pg.csv", "postgres-csv"), ("pg.json", "postgres-json"), ("pg.log", "postgres-log")]
)
def test_each_log_of_postgresql_tells_the_same(postgres: Path, name: str, form: str) -> None:
    found = events(postgres / name)
    assert {line["format"] for line in found} == {form}
    told = [line for line in found if line["query"] and line["kind"] == "access" and "patient" in line["query"]]
    texts = [bare(line["query"]) for line in told if line["outcome"] == "success"]
    # What a statement makes beside its table (an index) may be told by a line of its own.
    assert list(dict.fromkeys(texts)) == [*map(bare, STATEMENTS), "select * from patient where id = $1"]
    does = {bare(line["query"]): line["action"] for line in told}
    assert list(does.values()) == ["query", "create", "query", "query", "update", "delete", "query", "query"]
    assert told[-1]["outcome"] == "denied" and told[-1]["query"] == "select * from patient"
    lost = [line for line in found if line["query"] == "select *\nfrom nowhere"]
    assert [line["outcome"] for line in lost] == ["failure"]
    assert {line["account"] for line in told} == {"wardkeep"} and {line["ip"] for line in told} == {"127.0.0.1"}
    logins = [line for line in found if line["action"] == "login" and line["account"] == "wardkeep"]
    assert logins and {line["outcome"] for line in logins} == {"success"} and logins[-1]["program"] == "HIS 3.1"
    refused = [line for line in found if line["action"] == "login" and line["account"] == "nobody"]
    assert [line["outcome"] for line in refused] == ["failure"]
    now = time.time()
    read = [line for line in told if "count(*)" in line["query"]]
    assert [line["count"] for line in read] == [2] and read[0]["subtype"] == "pgaudit.read"
    from datetime import datetime

    assert abs(datetime.fromisoformat(read[0]["time"]).timestamp() - now) < 3600  # CST was read as the hospital's
