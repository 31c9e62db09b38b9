# SPDX-License-Identifier: Apache-2.0
"""Times, names and padding where databases differ. SQL Server and Oracle are imitated by what their makers write of them:
no server of theirs has seen a statement of ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pull.test_dialects import URLS, pyodbc, view  # noqa: F401
from tests.unit.pull.test_pull import MAPPING
from wardkeep.jobs.pulling.database import _prepare
from wardkeep.jobs.pulling.dialects import asked_from, cancel, whole_seconds
from wardkeep.watch.intake.row import Row
from wardkeep.watch.pull import Mark, RowReader, before, begin_of, complete

NOON = datetime(2026, 3, 2, 12)
QUOTES = {"mssql": "[]", "oracle": '""', "postgresql": '""', "mysql": "``", "mariadb": "``"}


def pages(ask: Callable[[Mark, int], Sequence[Mark]], begin: Mark, limit: int) -> list[Mark]:
    """What a pull takes, as `pulling` goes through pages; `ask` gives the watermarks of a page."""
    found: list[Mark] = []
    at, size, ended = begin, limit, False
    for _ in range(10_000):
        if ended:
            return found
        marks = ask(at, size)
        skipped = before(marks, at)
        marks = marks[skipped:]
        taken, ended = complete(marks, size - skipped)
        if not taken and not ended:
            size *= 4
            continue
        found += marks[:taken]
        if not ended:
            at, size = marks[-1], limit
    raise AssertionError("it goes on for ever")


@given(st.lists(st.integers(0, 400), max_size=80), st.integers(1, 9), st.booleans())
def test_a_datetime_of_sql_server_is_in_one_page_whatever_it_is_rounded_to(
    ticks: list[int], limit: int, rounded: bool
) -> None:
    """A `datetime` is a number of 1/300 s: shown in milliseconds, compared as what it is (since 2016), or as it is shown."""
    there = sorted(Fraction(tick, 300) for tick in ticks)

    def shown(at: Fraction) -> datetime:
        return NOON + timedelta(milliseconds=round(at * 1000))

    def ask(begin: Mark, size: int) -> Sequence[Mark]:
        asked = asked_from("mssql", begin, whole=False)
        border = Fraction((asked - NOON) // timedelta(microseconds=1), 1_000_000)
        kept = [one for one in there if (Fraction(round(one * 1000), 1000) if rounded else one) >= border]
        return [shown(one) for one in kept[:size]]

    assert pages(ask, NOON, limit) == [shown(one) for one in there]
    if there:  # nor does a pull without an overlap lose the fellows of its last row
        last = shown(there[-1])
        assert pages(ask, begin_of(last, 0), limit) == [shown(one) for one in there if shown(one) == last]


@given(st.lists(st.integers(0, 3_000), max_size=60), st.integers(1, 9), st.booleans())
def test_a_driver_that_cuts_the_fraction_off_costs_a_repetition_and_no_row(
    values: list[int], limit: int, whole: bool
) -> None:
    """An Oracle DATE has whole seconds; a driver that sends one where a TIMESTAMP is asked for asks for a little more."""
    step = 1000 if whole else 1
    there = sorted(NOON + timedelta(milliseconds=value - value % step) for value in values)

    def ask(begin: Mark, size: int) -> Sequence[Mark]:
        asked = asked_from("oracle", begin, whole=whole).value
        return [one for one in there if one >= asked.replace(microsecond=0)][:size]

    assert pages(ask, NOON, limit) == there


def test_a_time_is_compared_as_finely_as_the_database_keeps_it() -> None:
    fine = NOON.replace(microsecond=7_000)
    assert asked_from("postgresql", fine, whole=False) == asked_from("mysql", fine, whole=False) == fine
    assert asked_from("mssql", fine, whole=False) == NOON.replace(microsecond=3_000)
    assert asked_from("mssql", datetime.min, whole=False) == datetime.min
    for name in URLS:
        assert asked_from(name, 7, whole=True) == 7
    aware = NOON.replace(tzinfo=UTC)
    assert (
        asked_from("postgresql", aware, whole=False) == aware and asked_from("mssql", aware, whole=False).tzinfo is UTC
    )


@pytest.mark.parametrize("whole, kind, value", [(True, "DB_TYPE_DATE", NOON), (False, "DB_TYPE_TIMESTAMP", None)])
def test_oracle_is_told_whether_a_date_or_a_timestamp_is_compared(
    whole: bool, kind: str, value: datetime | None
) -> None:
    """With a TIMESTAMP a DATE column would be converted, and its index not used; with a DATE a TIMESTAMP loses its fraction."""
    fine = NOON.replace(microsecond=7_000)
    with view("oracle") as found:
        found._coarse = frozenset({"log_time"}) if whole else frozenset()
        dialect: Any = found._engine.dialect
        compiled = found._select(["log_time"], fine).limit(5).compile(dialect=dialect)
        bind = next(one for one in compiled.binds.values() if isinstance(one.value, datetime))
        told = bind.type.dialect_impl(dialect).get_dbapi_type(dialect.dbapi)
        # A DATETIME of the driver is a DATE to the server.
        assert told == getattr(dialect.dbapi, kind) and told in dialect.include_set_input_sizes
        assert bind.value == (value or fine)


def test_an_oracle_date_is_known_by_what_the_driver_says_of_a_result() -> None:
    import oracledb

    description = [("LOG_TIME", oracledb.DB_TYPE_DATE), ("SEEN", oracledb.DB_TYPE_TIMESTAMP), ("N", oracledb.NUMBER)]
    assert whole_seconds(["log_time", "seen", "n"], description) == {"log_time"}
    assert whole_seconds(["log_time"], [("log_time", 1114)]) == whole_seconds([], ()) == frozenset()


def test_oracle_names_are_asked_for_as_the_view_has_them() -> None:
    with view("oracle") as found:
        dialect = found._engine.dialect
        # As SQLAlchemy hands on what the server says: its capitals are no case, unless the word is reserved or mixed.
        said = ["LOG_TIME", "DATE", "LogTime", "日志时间"]
        names = [str(dialect.normalize_name(name)) for name in said]
        assert names == ["log_time", "DATE", "LogTime", "日志时间"]
        words = str(found._select(names, None).compile(dialect=dialect))
    assert 'SELECT log_time, "DATE", "LogTime", "日志时间"' in words


@pytest.mark.parametrize("name", URLS)
def test_names_that_need_quotes_get_those_of_the_database(name: str) -> None:
    with view(name) as found:
        found.watermark = "日志时间"
        words = str(found._select(["LogTime", "order", "日志时间"], NOON).compile(dialect=found._engine.dialect))
    left, right = QUOTES[name]
    for column in ("LogTime", "order", "日志时间"):
        assert f"{left}{column}{right}" in words, words
    assert f"ORDER BY {left}日志时间{right}" in words


def test_a_view_of_another_database_is_named_in_three_parts_on_sql_server() -> None:
    from wardkeep.watch.pull import parse_source

    text = f'name = "x"\nurl = "{URLS["mssql"]}"\nview = "his.dbo.v_access"\nmapping = "m"\nwatermark = "t"\n'
    with view("mssql") as found:
        source = parse_source(text, "x")
        found._table = __import__("sqlalchemy").table(source.place[1], schema=source.place[0])
        assert "FROM his.dbo.v_access" in str(found._select(["t"], None).compile(dialect=found._engine.dialect))


class Session:
    """A driver's connection that keeps what it is told."""

    timeout = call_timeout = 0

    def __init__(self, version: str = "") -> None:
        self.version, self.told, self.cancelled = version, [], 0

    def cursor(self) -> Any:
        return self

    def execute(self, words: str) -> None:
        self.told.append(words)

    def fetchone(self) -> tuple[str]:
        return (self.version,)

    def close(self) -> None:
        pass

    def cancel(self) -> None:
        self.cancelled += 1

    def cancel_safe(self, *, timeout: float) -> None:
        assert timeout <= 3
        self.cancelled += 1

    @property
    def connection(self) -> Session:
        return self

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_every_server_is_told_when_to_give_up_a_statement() -> None:
    sessions = {name: Session("11.4-MariaDB" if name == "mariadb" else "8.4.0") for name in URLS}
    for name, session in sessions.items():
        _prepare(name, session, 60)
    assert "SET SESSION max_statement_time = 60" in sessions["mariadb"].told
    assert "SET SESSION max_execution_time = 60000" in sessions["mysql"].told
    assert all("SET SESSION TRANSACTION READ ONLY" in sessions[name].told for name in ("mysql", "mariadb"))
    assert sessions["oracle"].call_timeout == 60_000 and sessions["mssql"].timeout == 60
    assert sessions["mssql"].told == ["SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 60000"]


@pytest.mark.parametrize("name", ["mssql", "oracle", "postgresql"])
def test_a_statement_is_ended_from_outside_by_what_the_driver_has_for_it(name: str) -> None:
    session = Session()
    with view(name) as found:
        cancel(found._engine, session)
        assert session.cancelled == 1
        found._busy = session
        found.give_up()  # another thread's
        assert session.cancelled == 2


def test_a_driver_that_cannot_end_a_statement_is_left_alone() -> None:
    with view("oracle") as found:
        found._busy = object()
        found.give_up()


def test_the_padding_of_char_columns_is_no_part_of_a_value() -> None:
    """PostgreSQL, SQL Server and Oracle hand CHAR(n) out with blanks up to its length."""
    reader = RowReader(MAPPING, ["T", "user_id", "A", "P", "PROG"], source="x.pull")
    row = reader.read([NOON, "u1        ", "read  ", "P1   ", "his.exe "], NOON)
    assert isinstance(row, Row) and (row.account, row.action, row.patients) == ("u1", "read", ("P1",))
    assert row.extra == '{"program":"his.exe"}'


def test_a_time_without_an_offset_is_of_the_mappings_zone_and_one_with_an_offset_of_its_own() -> None:
    """DATE, TIMESTAMP, datetime and datetime2 have no offset. What has one is known without the mapping."""
    reader = RowReader(MAPPING, ["T", "user_id", "A"], source="x.pull")
    plain, zoned = (reader.read([at, "u", "read"], at) for at in (NOON, NOON.replace(tzinfo=UTC)))
    assert isinstance(plain, Row) and isinstance(zoned, Row)
    assert (zoned.time - plain.time) / 3.6e9 == 8  # noon in Shanghai came eight hours before
    assert (plain.time_quality, zoned.time_quality) == ("zone", "offset")
