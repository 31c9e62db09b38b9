# SPDX-License-Identifier: Apache-2.0
"""Which deletions a WHERE narrows, and which have one that holds for every row."""

from __future__ import annotations

import random
import time

import pytest

from tests.unit.detect.flagged import flagged
from tests.unit.explain.world import World, at
from tests.unit.statistics.test_fuzz import HOSTILE, MOST_SECONDS
from wardkeep.watch.detect.narrowed import is_narrowed
from wardkeep.watch.statistics.normalise import shape

EVERY_ROW = [
    "1=1", "1", "'1'", "TRUE", "NOT FALSE", "!0", "2>1", "20 > 10", "-1 < 0", "1!=0", "12<>13", "1+1=2", "1=1=1", "(1)=(1)",
    "'1'='1'", "'abc'='abc'", "'a'<>'b'", "N'a'=N'a'", "'a'||'b'='ab'", "1 <=> 1", "1=1 AND 2=2", "1=1 XOR 1=0", "NOT 1=0",
    "id = id", "t.id = id", "[id] = id", '"id" = id', "`id` = `id`", "id >= id", "id IN (id)", "id BETWEEN id AND id",
    "lower(name) = lower(name)", "id = 3 OR 1=1", "id=7 || 1=1", "id IS NULL OR id IS NOT NULL", "id > 17 OR id <= 17",
    "name LIKE '%'", "name LIKE '%%'", "name LIKE N'%'", "name REGEXP '.*'", "name ~ '.*'", "17 IN (16, 17)",
    "1 BETWEEN 0 AND 2", "EXISTS (SELECT 1 FROM dual)", "NULL IS NULL", "1 IS NOT NULL", "(1=1) IS TRUE",
    "/* why */ 1 /* not */ = 1", "1=1 -- id = 5", "1=1 LIMIT 10", "1=1 RETURNING id", "id = id OPTION (RECOMPILE)", "１=１",
]  # fmt: skip
SOME_ROWS = [
    "id = 5", "1=1 AND id = 5", "TRUE AND note = 'x'", "1=0", "FALSE", "0", "'1'='2'", "NOT TRUE", "NOT id = 5", "id <> id",
    "name LIKE 'a%'", "name LIKE '%x%'", "name NOT LIKE '%'", "state LIKE ?", "id = ?", "? = ?", ":a = :b", "$1 = $2",
    "1 = ? OR id = 3", "id = idx", "id = other_id OR name IS NULL", "a.id = b.id", "id IN (1, 2)", "id BETWEEN 1 AND 5",
    "day < '2026-01-01'", "id IN (SELECT id FROM u)", "EXISTS (SELECT 1 FROM u WHERE u.id = t.id)", "id IS NULL",
    "id IS NOT NULL", "note = ' or 1=1'", "note = 'where 1=1'", "id > 17 OR id <= 16", "id > 5 OR id < 5", "name = 'a'||'1'",
    "CURRENT OF c", "rownum < 1000", "this is no ( condition",
]  # fmt: skip
DELETES = [(f"DELETE FROM t WHERE {one}", False) for one in EVERY_ROW] + [
    (f"DELETE FROM t WHERE {one}", True) for one in SOME_ROWS
]


@pytest.mark.parametrize(
    ("text", "narrowed"),
    [
        *DELETES,
        ("DELETE FROM t", False),
        ("DELETE FROM t -- where id = 5", False),
        ("DELETE FROM t; SELECT 1 FROM u WHERE id = 5", False),
        ("DELETE FROM t WHERE id = 5; DELETE FROM u WHERE 1=1", False),
        ("BEGIN DELETE t; DELETE u WHERE id = 5; END;", False),
        ("WITH x AS (SELECT 1 AS id FROM u WHERE id = 5) DELETE FROM t", False),
        ("EXECUTE IMMEDIATE 'DELETE FROM t WHERE ''1''=''1'''", False),
        ("EXECUTE IMMEDIATE 'DELETE FROM t WHERE id = 15'", True),
        ("DELETE FROM #rows WHERE 1=1; DELETE FROM t WHERE id = 5", True),
        ("DELETE FROM t WHERE id IN (SELECT id FROM u WHERE 1=1)", True),
        ("SELECT id FROM u WHERE 1=1; DELETE FROM t WHERE id = 5", True),
        ("DELETE FROM t USING u WHERE t.id = u.id", True),
    ],
)
def test_a_deletion_is_narrowed_by_what_depends_on_the_row(text: str, narrowed: bool) -> None:
    assert is_narrowed(text, shape(text)) == narrowed


@pytest.mark.parametrize("deep", ["1" + "+1" * 5_000, "NOT " * 3_000 + "id = 1", "(" * 3_000 + "1=1" + ")" * 3_000])
def test_a_condition_of_any_depth_stops_nothing_and_is_believed(deep: str) -> None:
    text = f"DELETE FROM t WHERE {deep}"
    assert is_narrowed(text, shape(text))


def test_values_of_one_shape_are_told_apart() -> None:
    for value, narrowed in (("'ab'", False), ("'cd'", True), ("'ab'", False)):
        text = f"DELETE FROM t WHERE 'ab' = {value}"
        assert is_narrowed(text, shape(text)) == narrowed


def test_what_deletes_every_row_is_found_where_no_rows_are_told() -> None:
    """Whatever is read of a text: what is not asked for at all would hide."""
    w = World()
    w.patient("P1")
    w.person("dba", role="it", department="IT")
    w.add("accounts", account="emr_app", kind="service")
    for n, (text, narrowed) in enumerate(DELETES):
        query = text.replace("FROM t", f"FROM table_{chr(97 + n // 26)}{chr(97 + n % 26)}")
        w.event("emr_app", None, at(3) + n, action="delete", query=query, name="" if narrowed else f"all{n}")
    assert flagged(w).names("direct_edit") == [f"all{n}" for n, (_, narrowed) in enumerate(DELETES) if not narrowed]


def hostile(r: random.Random) -> str:
    """A deletion that says more or less anything behind its WHERE."""
    parts = [*EVERY_ROW, *SOME_ROWS, *HOSTILE, " AND ", " OR ", " NOT ", "; DELETE FROM u WHERE ", "1+" * 3_000]
    text = f"DELETE FROM t WHERE {''.join(r.choice(parts) for _ in range(r.randrange(1, 9)))}"
    at = r.randrange(len(text))
    return r.choice((text, text[:at] + r.choice(HOSTILE) + text[at:], text[at:], text[:at]))


@pytest.mark.parametrize(
    "count", [pytest.param(100, id="short"), pytest.param(20_000, id="long", marks=pytest.mark.soak)]
)
def test_whatever_stands_behind_a_where_raises_nothing_and_ends_soon(count: int) -> None:
    for n in range(count):
        text = hostile(random.Random(f"narrowed:{count}:{n}"))
        began = time.process_time()
        assert is_narrowed(text, shape(text)) in (True, False)
        assert time.process_time() - began < MOST_SECONDS, f"input {n}: {text[:200]!r}"


MANY = ",".join("1" * 3_000)


@pytest.mark.parametrize("condition", [
    f"a{f' IN ({MANY})' * 4}", f"a IN ({','.join(['a IN (1,2)'] * 1_500)})", "a" + " BETWEEN 1 AND 2" * 60,
    "(" * 60 + "a" + " BETWEEN 1 AND 2)" * 60, "a" + "=1" * 2_000, "a" + " LIKE a" * 300,
    " OR ".join(f"NOT (a{n}=1)" for n in range(1_500)), "(" * 60 + "a" + " XOR b)" * 60,
], ids=lambda said: said[:20])  # fmt: skip
def test_a_condition_within_conditions_is_read_once(condition: str) -> None:
    text = f"DELETE FROM t WHERE {condition}"
    began = time.process_time()
    assert is_narrowed(text, shape(text))
    assert time.process_time() - began < MOST_SECONDS
