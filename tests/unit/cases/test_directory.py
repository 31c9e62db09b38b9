# SPDX-License-Identifier: Apache-2.0
"""Which departments a hospital has, by its own tables."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

pytestmark = pytest.mark.usefixtures("rows")


def known(**rows: list[tuple[Any, ...]]) -> Any:
    from wardkeep.watch.cases.accesses import ABSENT
    from wardkeep.watch.cases.directory import _read

    con = duckdb.connect()
    for table, columns in ABSENT.items():
        con.execute(f"CREATE TABLE {table} ({columns})")
        for row in rows.get(table, []):
            con.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    return _read(SimpleNamespace(con=con))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "department, lacked",
    [("A", False), ("B", False), ("C", False), ("NOPE", True), ("a", True), ("", True)],
)
def test_a_department_is_one_that_a_table_has(department: str, lacked: bool) -> None:
    found = known(
        departments=[("A", None, "1")], staff=[("s1", "n", "r", "B", "1"), ("s2", "n", "r", None, "1")],
        accounts=[("ward", None, "shared", "C", "1")],
    )  # fmt: skip
    assert found.lacks(department) == lacked


def test_where_no_departments_are_handed_over_nobody_knows_which_are_missing() -> None:
    assert not known(staff=[("s1", "n", "r", "B", "1")]).lacks("NOPE")
