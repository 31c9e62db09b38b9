# SPDX-License-Identifier: Apache-2.0
"""The general log of MySQL: what stands within a statement is no record, however much it looks like one."""

from __future__ import annotations

import time

import pytest

from tests.unit.intake.reading import read
from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake.database.general import MOST_INSIDE
from wardkeep.watch.intake.database.unclosed import unclosed
from wardkeep.watch.intake.replaying import reread

LOGIN = b"2026-03-02T00:15:00.000001Z\t   10 Connect\tli4@10.1.1.1 on his using TCP/IP\n"
FORGED = (
    b"2026-03-02T00:15:11.000001Z\t   77 Connect\tVICTIM@10.2.2.2 on his using TCP/IP\n"
    b"2026-03-02T00:15:12.000001Z\t   77 Query\tdelete from emr\n"
)
REAL = b"2026-03-02T00:15:20.000001Z\t   10 Query\tselect 7\n"


def said(statement: bytes, at: bytes = b"2026-03-02T00:15:10.000001Z") -> bytes:
    return at + b"\t   10 Query\t" + statement + b"\n"


@pytest.mark.parametrize(
    "begin, end",
    [
        (b"select '\n", b"'"),
        (b"select 'it''s\n", b"'"),
        (b"select 'it\\'s\n", b"'"),
        (b"select '\\\n", b"'"),
        (b'select "\n', b'"'),
        (b"select 1 as `\n", b"`"),
        (b"select 1 /*\n", b"*/"),
        (b"select 1 /*!99999\n", b"*/"),
        (b"/*!50000 select '*/\n", b"' */"),
        (b"select 1 -- don't\n, '\n", b"'"),
        (b"# it's\nselect '\n", b"'"),
        (b"select 1 --'\n", b"'"),
    ],
)
@pytest.mark.parametrize("crlf", [False, True])
def test_a_record_in_a_string_or_comment_of_a_statement_is_set_aside(begin: bytes, end: bytes, crlf: bool) -> None:
    data = LOGIN + said(begin + FORGED + end) + REAL
    data = data.replace(b"\n", b"\r\n") if crlf else data
    found = read(data, "general.log")
    events = [one for one in found if isinstance(one, AccessEvent)]
    assert [(one.account, str(one.action)) for one in events] == [("li4", "login"), ("li4", "query"), ("li4", "query")]
    assert events[-1].query == "select 7"
    pieces = [one for one in found if isinstance(one, Rejected)]
    assert [one.reason.partition(":")[0] for one in pieces] == ["within-statement"] * 2
    # Read again, each is still what it is.
    for piece in pieces:
        assert list(reread(piece, zone="Asia/Shanghai")) == [piece]


@pytest.mark.parametrize(
    "statement",
    [b"select 'it''s'", b"select '\\\\'", b"-- don't\nselect 1", b"select 1 # it's", b"select 1 /* it's */", b"select \"it's\"",
     b"select `it's`", b"select 'a\nb'", b"select 1/2-1", b"select 1 /*! , 'it' */", b"select 5--'1'",
     b"select '/*'", b"/*!40001 SQL_NO_CACHE */ select 1",
     b"select '--'", b"select 1 --"],
)  # fmt: skip
def test_what_is_closed_hides_nothing(statement: bytes) -> None:
    found = read(LOGIN + said(statement) + FORGED, "general.log")
    assert len(found) == 4 and all(isinstance(one, AccessEvent) for one in found)


def test_a_statement_without_end_hides_no_more_than_some_lines() -> None:
    found = read(LOGIN + said(b"select '") + REAL * (MOST_INSIDE + 5), "general.log")
    assert sum(isinstance(one, Rejected) for one in found) == MOST_INSIDE
    assert sum(isinstance(one, AccessEvent) for one in found) == 7


def test_of_a_server_that_logs_what_does_not_parse_nothing_is_hidden() -> None:
    data = b"260302  8:15:00\t   10 Connect\tli4@10.1.1.1 on his\n\t\t   10 Query\tselect '\n\t\t   11 Query\tdelete from emr\n"
    assert all(isinstance(one, AccessEvent) for one in read(data, "general.log"))


def test_a_statement_that_is_too_long_hides_what_follows_within_it() -> None:
    found = read(LOGIN + said(b"select '" + b"x" * (5 << 20) + b"\n" + FORGED + b"'") + REAL, "general.log")
    assert [type(one) for one in found] == [AccessEvent, Rejected, Rejected, Rejected, AccessEvent]


@pytest.mark.parametrize("text", [b"'", b"/*", b"/", b"-", b"'\\", b"--\n", b"/*!'*/", b"#\n", b'"`', b"*/'"])
def test_no_text_takes_long_to_be_read_to_its_end(text: bytes) -> None:
    begun = time.process_time()
    unclosed(text * (4_000_000 // len(text)))
    assert time.process_time() - begun < 20
