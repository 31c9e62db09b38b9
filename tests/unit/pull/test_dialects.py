# SPDX-License-Identifier: Apache-2.0
"""What would be asked of databases that are not here: the words alone, no server has seen them."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import datetime
from types import ModuleType

import pytest

from wardkeep.jobs.pulling.database import NoDriver, ServerLost, View, _arguments, _said
from wardkeep.watch.pull import parse_source

URLS = {
    "mssql": "mssql+pyodbc://reader@db/his?driver=FreeTDS",
    "oracle": "oracle+oracledb://reader@db/?service_name=his",
    "postgresql": "postgresql+psycopg://reader@db/his",
    "mysql": "mysql+pymysql://reader@db/his",
    "mariadb": "mariadb+pymysql://reader@db/his",
}
WORDS = {
    "mssql": ("SELECT TOP ", "FROM audit.v_access", "log_time >= ", "ORDER BY log_time"),
    "oracle": ("FETCH FIRST ", "FROM audit.v_access", "log_time >= ", "ORDER BY log_time"),
    "postgresql": ("LIMIT ", "FROM audit.v_access", "log_time >= ", "ORDER BY log_time"),
    "mysql": ("LIMIT ", "FROM audit.v_access", "log_time >= ", "ORDER BY log_time"),
    "mariadb": ("LIMIT ", "FROM audit.v_access", "log_time >= ", "ORDER BY log_time"),
}


def view(name: str, driver: str | None = None) -> View:
    url = driver or URLS[name]
    text = f'name = "x"\nurl = "{url}"\nview = "audit.v_access"\nmapping = "m"\nwatermark = "log_time"\n'
    return View(parse_source(text, "x"), "geheim")


@pytest.fixture(autouse=True)
def pyodbc(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver's face: the driver itself needs a library of the system, which a machine for tests may lack."""
    module = ModuleType("pyodbc")
    module.paramstyle, module.version = "qmark", "5.2.0"  # type: ignore[attr-defined]
    module.Error = module.Cursor = Exception  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyodbc", module)


@pytest.mark.parametrize("name", URLS)
def test_a_page_is_asked_in_the_words_of_each_database(name: str) -> None:
    with view(name) as found:
        assert found._engine.dialect.name == name
        asked = found._select(["log_time", "account"], datetime(2026, 3, 2)).limit(50)
        words = " ".join(str(asked.compile(dialect=found._engine.dialect)).split())
    assert all(word in words for word in WORDS[name]), words
    assert "geheim" not in str(found._engine.url) and "geheim" not in repr(found._engine)


def test_every_database_is_told_how_long_to_wait() -> None:
    from sqlalchemy import make_url

    told = {name: str(_arguments(make_url(url), 60)) for name, url in URLS.items()}
    assert "statement_timeout=60s" in told["postgresql"] and "read_only=on" in told["postgresql"]
    assert all("timeout" in words for words in told.values()) and "ReadOnly" in told["mssql"]


def test_a_driver_that_is_not_installed_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyodbc", None)
    with pytest.raises(NoDriver, match=r"mssql\+pyodbc"):
        view("mssql")
    monkeypatch.setitem(sys.modules, "oracledb", None)
    with pytest.raises(NoDriver, match=r"oracle\+oracledb") as error:
        view("oracle")
    assert error.value.hint == "pip install 'wardkeep[pull,oracle]'" and error.value.exit_status == 3
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(NoDriver):
        view("mysql")


class Orig(Exception):
    """An error as drivers make them."""

    def __init__(self, *args: object, sqlstate: str | None = None) -> None:
        super().__init__(*args)
        self.sqlstate = sqlstate


class Wrapped(Exception):
    def __init__(self, orig: Exception, statement: str | None = 'SELECT "log_Time", account FROM audit.v') -> None:
        self.orig, self.statement = orig, statement


@pytest.mark.parametrize(
    "orig, told",
    [
        (Orig(2003, "Can't connect to MySQL server on 'db'"), "Orig Can't connect to MySQL server on 'db'"),
        (Orig(1366, "Incorrect value: '王芳'"), "Orig 1366"),
        (Orig("ORA-01722: invalid number 王芳"), "Orig ORA-01722"),
        (Orig("42S02", "Invalid object name 'v'"), "Orig Invalid object name 'v'"),
        (Orig("22018", "Conversion failed: '王芳'"), "Orig 22018"),
        (Orig("invalid input: 王芳", sqlstate="22P02"), "Orig 22P02"),
        (Orig('relation "v" does not exist\nLINE 1', sqlstate="42P01"), 'Orig relation "v" does not exist'),
        (Orig('relation "audit.v" does not exist', sqlstate="42P01"), 'Orig relation "audit.v" does not exist'),
        (Orig('column "log_Time" does not exist', sqlstate="42703"), 'Orig column "log_Time" does not exist'),
        (Orig("关系 “audit.v” 不存在", sqlstate="42P01"), "Orig 关系 “audit.v” 不存在"),
        (Orig("permission denied for view v", sqlstate="42501"), "Orig permission denied for view v"),
        (
            Orig("canceling statement due to statement timeout", sqlstate="57014"),
            "Orig canceling statement due to statement timeout",
        ),
        (Orig('relation "王芳" does not exist', sqlstate="42P01"), "Orig 42P01"),
        (Orig("关系 “王芳” 不存在", sqlstate="42P01"), "Orig 42P01"),
        (Orig("la relation « 王芳 » n'existe pas", sqlstate="42P01"), "Orig 42P01"),
        (Orig('unrecognized configuration parameter "王芳"', sqlstate="42704"), "Orig 42704"),
        (Orig('function "王芳" does not exist', sqlstate="42883"), "Orig 42883"),
        (Orig('syntax error in tsquery: "王芳 v"', sqlstate="42601"), "Orig 42601"),
        (Orig('could not open file "王芳" for reading: gone', sqlstate="58P01"), "Orig 58P01"),
        (Orig('database "王芳" does not exist', sqlstate="3D000"), "Orig 3D000"),
        (Orig('relation "v"王芳" does not exist', sqlstate="42P01"), "Orig 42P01"),
        (Orig('relation "count" does not exist', sqlstate="42P01"), "Orig 42P01"),
        (Orig(), "Orig"),
    ],
)
def test_an_error_about_a_value_tells_its_code_alone(orig: Orig, told: str) -> None:
    assert _said(Wrapped(orig)) == told


@pytest.mark.parametrize(
    "fault",
    [ValueError("year -43 is out of range: 王芳"), UnicodeDecodeError("utf-8", "王芳".encode("gbk"), 0, 1, "王芳")],
)
def test_what_a_driver_cannot_hold_is_told_without_the_value(fault: ValueError) -> None:
    def asked(connection: object) -> None:
        raise fault

    with view("oracle") as found:
        found._reading = nullcontext  # type: ignore[method-assign,assignment]
        with pytest.raises(ServerLost, match=f"cannot hold a value: {type(fault).__name__}$") as error:
            found._ask(asked)
    assert "王芳" not in str(error.value) and error.value.__suppress_context__


def test_an_old_oracle_is_asked_without_the_words_that_it_does_not_know() -> None:
    """Before 12.1 there is no FETCH FIRST: the rows are numbered around what is ordered."""
    with view("oracle") as found:
        dialect = found._engine.dialect
        dialect._supports_offset_fetch = False  # what the dialect sets when the server says its version
        asked = found._select(["log_time", "account"], datetime(2026, 3, 2)).limit(50)
        words = " ".join(str(asked.compile(dialect=dialect)).split())
    assert "FETCH" not in words and "ROWNUM <= " in words
    assert words.index("ORDER BY log_time") < words.index("ROWNUM"), words


def test_an_oracle_client_that_is_not_there_is_named() -> None:
    text = f'name = "x"\nurl = "{URLS["oracle"]}"\nview = "v"\nmapping = "m"\nwatermark = "t"\noracle_client = "/nowhere"\n'
    with pytest.raises(NoDriver, match="oracle_client = '/nowhere': DPI-1047"):
        View(parse_source(text, "x"), "geheim")
