# SPDX-License-Identifier: Apache-2.0
"""What a pull is made of: source files, pages, watermarks, states, cells."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.jobs.pulling.lock import alone
from wardkeep.watch.event import Rejected
from wardkeep.watch.intake.limits import RECORD
from wardkeep.watch.intake.mapping import parse_mapping
from wardkeep.watch.intake.row import Row
from wardkeep.watch.pull import (
    BadSource,
    Kind,
    PullState,
    RowReader,
    SchemaChanged,
    StateNotKept,
    before,
    begin_of,
    column_named,
    complete,
    late_after,
    mark_of,
    parse_source,
    pause_after,
    read_state,
    used_columns,
    write_state,
)
from wardkeep.watch.pull.cells import text_of
from wardkeep.watch.pull.watermark import from_text, kept_of, to_text

GOOD = (
    'name = "his-audit"\nurl = "postgresql+psycopg://reader@db/his"\nview = "audit.v_access"\nmapping = "his.toml"\n'
    'watermark = "log_time"\n'
)
MAPPING = parse_mapping(
    'name = "m"\nsystem = "HIS"\nzone = "Asia/Shanghai"\ntime_format = "%Y/%m/%d"\noptional = ["patient_id"]\n[columns]\n'
    'time = "t"\naccount = "u|USER_ID"\naction = "a"\npatient_id = "p"\n[extra]\nprogram = "prog"\n',
    "m",
)
SHANGHAI = timezone(timedelta(hours=8))


def test_a_source_needs_little_and_is_gentle() -> None:
    source = parse_source(GOOD, "x.toml")
    assert source.place == ("audit", "v_access")
    assert (source.overlap, source.batch, source.rate, source.statement_timeout) == (600, 5000, 0, 60)
    assert source.every == 300


@pytest.mark.parametrize(
    "text, said",
    [
        ("name = ", "x.toml: "),
        (GOOD + 'shoe = "9"\n', "shoe"),
        (GOOD.replace('"his-audit"', '"../x"'), "name is '../x'"),
        (GOOD.replace("postgresql+psycopg", "sqlite"), "url begins with no database"),
        (GOOD.replace("reader@", "reader:geheim@"), "url holds a password"),
        (GOOD.replace("/his", "/his?password=geheim"), "url holds a password"),
        (GOOD.replace('"audit.v_access"', '"a\\nb"'), "view is 'a\\nb'"),
        (GOOD + "batch = 0\n", "batch is 0"),
        (GOOD + "overlap = -1\n", "overlap is -1"),
        (GOOD + "every = 0\n", "every is 0"),
        (GOOD + 'oracle_client = "/opt/oracle"\n', "url is of no Oracle"),
        (GOOD + 'password_file = "a"\npassword_credential = "b"\n', "give one"),
    ],
)
def test_what_breaks_a_rule_is_named_and_no_password_with_it(text: str, said: str) -> None:
    with pytest.raises(BadSource) as error:
        parse_source(text, "x.toml")
    assert said in str(error.value) and "geheim" not in str(error.value) and error.value.exit_status == 2


@pytest.mark.parametrize(
    "marks, limit, due",
    [
        ([], 5, (0, True)),
        ([1, 2, 3], 5, (3, True)),
        ([1, 2, 3], 3, (2, False)),  # the last one may have fellows behind it
        ([1, 3, 3], 3, (1, False)),
        ([3, 3, 3], 3, (0, False)),  # ask for more
        ([3, 3], 3, (2, True)),
        ([], 0, (0, False)),  # a full page held only what was taken before
    ],
)
def test_of_a_full_page_the_last_watermark_is_left_for_the_next(
    marks: list[int], limit: int, due: tuple[int, bool]
) -> None:
    assert complete(marks, limit) == due


@given(st.lists(st.integers(0, 8), max_size=60), st.integers(1, 7))
def test_pages_take_each_row_once_whatever_their_size(values: list[int], size: int) -> None:
    there = sorted(values)
    found: list[int] = []
    begin, limit, ended = -1, size, False
    while not ended:
        page = [value for value in there if value >= begin][:limit]
        taken, ended = complete(page, limit)
        if not taken and not ended:
            limit *= 4
            continue
        found += page[:taken]
        if not ended:
            begin, limit = page[-1], size
    assert found == there


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 7), st.integers(0, 9))
def test_pages_take_each_row_once_where_a_database_is_asked_for_some_before(
    values: list[int], size: int, slack: int
) -> None:
    there = [datetime(2026, 3, 2) + timedelta(milliseconds=value) for value in sorted(values)]
    found: list[datetime] = []
    begin, limit, ended = datetime(2026, 3, 2), size, False
    while not ended:
        page = [value for value in there if value >= begin - timedelta(milliseconds=slack)][:limit]
        skipped = before(page, begin)
        assert all(value < begin for value in page[:skipped]) and all(value >= begin for value in page[skipped:])
        taken, ended = complete(page[skipped:], limit - skipped)
        if not taken and not ended:
            limit *= 4
            continue
        found += page[skipped : skipped + taken]
        if not ended:
            begin, limit = page[-1], size
    assert found == there


def test_what_cannot_be_compared_is_left_in_a_page() -> None:
    noon = datetime(2026, 3, 2, 12)
    assert (
        before([noon], noon.replace(tzinfo=UTC)) == before([noon], None) == before([], noon) == before([7], noon) == 0
    )


@pytest.mark.parametrize(
    "failures, every, due",
    [
        (0, 300, 300),
        (1, 300, 300),
        (2, 300, 600),
        (3, 300, 600),  # the bound
        (9, 1, 256),
        (10**6, 1, 600),
        (5, 3600, 3600),  # an interval longer than the bound stays
    ],
)
def test_a_source_that_fails_is_asked_more_and_more_seldom(failures: int, every: int, due: int) -> None:
    assert pause_after(failures, every) == due


def test_a_source_is_late_after_an_hour_or_some_of_its_intervals() -> None:
    assert (late_after(1), late_after(300), late_after(7200)) == (3600, 3600, 28800)


def test_a_column_is_named_as_the_view_writes_it() -> None:
    assert column_named(["log_time", "LOG_TIME"], "LOG_TIME") == "LOG_TIME"  # two of them: the one that was meant
    assert column_named(["log_time"], "LOG_TIME") == "log_time" and column_named(["DATE"], "date") == "DATE"
    with pytest.raises(SchemaChanged, match="no column w"):
        column_named(["a"], "w")


def test_watermarks_are_times_and_whole_numbers_and_nothing_else() -> None:
    noon = datetime(2026, 3, 2, 12)
    assert [mark_of(x, "c") for x in (7, Decimal("7"), noon)] == [7, 7, noon]
    for value in ("2026", date(2026, 3, 2), 1.5, Decimal("1.5"), True, None):
        with pytest.raises(SchemaChanged, match="the watermark column c holds"):
            mark_of(value, "c")
    assert begin_of(noon, 60) == datetime(2026, 3, 2, 11, 59) and begin_of(100, 60) == 40
    assert begin_of(datetime(1, 1, 1), 60) == datetime(1, 1, 1)


@given(st.one_of(st.integers(), st.datetimes(), st.datetimes(timezones=st.just(SHANGHAI))))
def test_a_watermark_is_the_same_after_it_was_written_down(mark: Any) -> None:
    kind = Kind.NUMBER if isinstance(mark, int) else None
    assert from_text(to_text(mark), kind) == mark


def test_the_watermark_that_is_kept_is_the_newest_that_is_not_in_the_future() -> None:
    now = datetime(2026, 3, 2, 4, tzinfo=UTC)
    local = now.astimezone(SHANGHAI)
    noon, early, forged = datetime(2026, 3, 2, 12), datetime(2026, 3, 1, 9), datetime(2099, 1, 1)
    assert kept_of([early, forged, forged], None, now, local) == early
    assert kept_of([early, noon], None, now, local) == noon
    assert kept_of([forged], early, now, local) == early
    assert kept_of([forged], None, now, local) == noon  # nothing is known: now
    assert kept_of([now, datetime(2099, 1, 1, tzinfo=UTC)], None, now, local) == now
    assert kept_of([10**12], 3, now, local) == 10**12


def test_a_state_is_replaced_whole_and_belongs_to_one_view(tmp_path: Path) -> None:
    path = tmp_path / "pull" / "x.json"
    assert read_state(path) is None
    state = PullState(view="v", watermark="t", kind=Kind.NUMBER, last="7", columns=["t"])
    write_state(path, state.gone(last=datetime(2026, 3, 2), columns=["t", "b"], rows=3))
    again = read_state(path)
    assert again is not None and (again.mark, again.kind, again.rows) == (datetime(2026, 3, 2), Kind.TIME, 3)
    assert [file.name for file in path.parent.iterdir()] == ["x.json"]
    with pytest.raises(SchemaChanged, match=r"x\.json tells of v by t"):
        again.checked(parse_source(GOOD, "x"), path)
    for broken in (b"", b"{}", b'{"view":"v","watermark":"t","kind":"time","last":"soon","columns":[]}'):
        path.write_bytes(broken)
        with pytest.raises(BadSource, match="cannot be read"):
            read_state(path)


def test_a_state_that_cannot_be_written_down_is_an_error_that_passes(tmp_path: Path) -> None:
    (tmp_path / "pull").write_text("a file where the folder should be")
    state = PullState(view="v", watermark="t", kind=Kind.NUMBER, last="7", columns=["t"])
    with pytest.raises(StateNotKept, match=r"x\.json cannot be written: ") as error:
        write_state(tmp_path / "pull" / "x.json", state)
    assert error.value.exit_status == 3
    with pytest.raises(StateNotKept, match=r"x\.lock cannot be made: "), alone(tmp_path / "pull" / "x.lock", wait=0.0):
        pass


def test_only_the_columns_that_the_mapping_names_are_asked_for() -> None:
    there = ["ID", "T", "user_id", "A", "P", "PROG", "secret"]
    assert used_columns(MAPPING, there, "id") == ["ID", "T", "user_id", "A", "P", "PROG"]
    with pytest.raises(SchemaChanged, match="no column w") as error:
        used_columns(MAPPING, there, "w")
    assert "secret" in str(error.value.hint)
    numbered = parse_mapping('name = "n"\nsystem = "S"\n[columns]\ntime = 1\naction = "a"\n', "n")
    with pytest.raises(SchemaChanged, match="numbers its columns"):
        used_columns(numbered, there, "id")


@pytest.mark.parametrize(
    "value, text",
    [
        (None, ""),
        ("王", "王"),
        (True, "1"),
        (7, "7"),
        (7.0, "7"),
        (0.1, "0.1"),
        (Decimal("7.00"), "7"),
        (Decimal("7.10"), "7.1"),
        (Decimal("1E+3"), "1000"),
        (Decimal("NaN"), "NaN"),
        (float("inf"), "inf"),
        (datetime(2026, 3, 2, 8, 15), "2026-03-02 08:15:00"),
        (datetime(2026, 3, 2, 8, 15, tzinfo=SHANGHAI), "2026-03-02 08:15:00+08:00"),
        (date(2026, 3, 2), "2026-03-02"),
        (time(8, 15), "08:15:00"),
        (timedelta(minutes=1), "60"),
        ("患者".encode(), "患者"),
        (b"\xff\x00", "ff00"),
    ],
)
def test_a_value_is_the_same_text_whoever_gave_it(value: Any, text: str) -> None:
    assert text_of(value) == text


def test_a_row_becomes_an_event_or_a_piece_that_can_be_read_again() -> None:
    reader = RowReader(MAPPING, ["T", "user_id", "A", "P", "PROG"], source="x.pull")
    noon = datetime(2026, 3, 2, 12)
    row = reader.read([noon, "u1", "read", None, "his.exe"], noon)
    assert isinstance(row, Row) and (row.account, row.patients, row.extra) == ("u1", (), '{"program":"his.exe"}')
    assert row.time == 1_772_424_000_000_000 and row.position == "2026-03-02 12:00:00.000000"
    for values, why in (
        ([noon, "u1", "burn", "P", ""], "unmapped-action"),
        ([noon, "u\0", "read", "P", ""], "nul-byte"),
        ([None, "u1", "read", "P", ""], "bad-time"),
        ([noon, "x" * (RECORD + 1), "read", "P", ""], "too-long"),
    ):
        piece = reader.read(values, noon)
        assert isinstance(piece, Rejected) and piece.reason.startswith(why) and piece.truncated == (why == "too-long")
        assert piece.head == b"T,user_id,A,P,PROG\n" and piece.format == "delimited:m"
    with pytest.raises(SchemaChanged, match=r"column 'a', which is to become action, is not there \(mapping m\)"):
        RowReader(MAPPING, ["t", "u"], source="x.pull")
