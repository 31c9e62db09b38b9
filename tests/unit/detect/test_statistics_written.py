# SPDX-License-Identifier: Apache-2.0
"""Statistics in statements that write, and in logs that tell no number of rows."""

from __future__ import annotations

import pytest

from tests.unit.detect.flagged import flagged
from tests.unit.explain.world import World, at

LINES = "select doctor_code, drug_code, amount, presc_date from presc_detail"


def world() -> World:
    w = World()
    w.patient("P1")
    w.person("dba", role="it", department="IT")
    w.add("accounts", account="his_app", kind="service")
    return w


def seen(w: World) -> bool:
    return "statistics" in flagged(w).codes


@pytest.mark.parametrize(
    "action, text, found",
    [
        ("create", f"insert into t1 {LINES}", True),
        ("update", f"set nocount on; {LINES}; update t1 set a = 1", False),
        ("update", "merge into t1 using (select doctor_code d, sum(amount) s from presc_detail where drug_code = 'x' "
         "group by doctor_code) x on (t1.d = x.d) when matched then update set t1.s = x.s", True),
        ("create", "insert into presc_detail (doctor_code, drug_code, amount) values ('1', '2', 3)", False),
        ("create", "insert into t1 select drug_code from drug_dict", False),
    ],
)  # fmt: skip
def test_what_a_statement_writes_elsewhere_it_has_read(action: str, text: str, found: bool) -> None:
    w = world()
    w.event("dba", None, at(3, "10:00"), action=action, query=text, count=20)
    assert seen(w) == found


@pytest.mark.parametrize(
    "account, counts, text, found",
    [
        ("dba", (1, 1), LINES, True),  # a log that never tells a number
        ("dba", (1, 40), LINES, False),  # one that does: a few rows
        ("dba", (1, 40_000), LINES, True),
        ("his_app", (1, 1), LINES, False),  # an application asks for a few lines all day long
        ("dba", (1, 1), LINES + " where patient_id = 'P1'", False),
        ("dba", (1, 1), LINES + " where doctor_code = '17'", False),
    ],
)
def test_lines_are_many_where_no_statement_of_a_system_tells_how_many(
    account: str, counts: tuple[int, int], text: str, found: bool
) -> None:
    w = world()
    w.event(account, None, at(3, "09:00"), action="query", query="select 1 from dual", count=counts[0], system="DB")
    w.event(account, None, at(3, "10:00"), action="query", query=text, count=counts[1], system="DB")
    assert seen(w) == found
