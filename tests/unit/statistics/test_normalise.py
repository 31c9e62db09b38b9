# SPDX-License-Identifier: Apache-2.0
"""Calls of one statement have one shape, whatever their values; what decides is kept."""

from __future__ import annotations

import pytest

from wardkeep.watch.statistics.normalise import fingerprint, shape, values
from wardkeep.watch.statistics.reader import Reader
from wardkeep.watch.statistics.verdict import Answer


@pytest.mark.parametrize(
    "one, other",
    [
        ("SELECT a FROM t WHERE b = 'x'", "SELECT a FROM t WHERE b = 'it''s  -- no comment'"),
        ("SELECT a FROM t WHERE b = 17", "SELECT  a\n\tFROM t /* 9 */ WHERE b = 4711 -- z"),
        ("SELECT a FROM t WHERE b IN (10, 20)", "SELECT a FROM t WHERE b IN ('p','q','r','s')"),
        ('SELECT a FROM t WHERE d > "2026-01-01"', 'SELECT a FROM t WHERE d > "2025-12-31"'),
        ("SELECT a FROM t WHERE b = 1.5e10", "SELECT a FROM t WHERE b = 22"),
        ("ＳＥＬＥＣＴ a FROM t", "SELECT a FROM t"),
        ("SEL\u200bECT a FROM t", "SELECT a FROM t"),
        ("SELECT/*!40000 a */FROM t", "SELECT a FROM t"),
    ],
)
def test_values_comments_and_space_make_no_difference(one: str, other: str) -> None:
    assert shape(one) == shape(other)


@pytest.mark.parametrize(
    "one, other",
    [
        ("SELECT a FROM t GROUP BY 1", "SELECT a FROM t GROUP BY 2"),
        ("SELECT a FROM t WHERE b IN (1, 2)", "SELECT a FROM t WHERE b IN (1, 2, 3, 4, 5, 6)"),
        ("SELECT a FROM t WHERE b LIKE '%'", "SELECT a FROM t WHERE b LIKE 'x%'"),
        ("SELECT a FROM t WHERE b = '西药费'", "SELECT a FROM t WHERE b = '床位费'"),
        ("EXEC('SELECT a FROM t')", "EXEC('SELECT b FROM t')"),
        ("SELECT a FROM t1", "SELECT a FROM t2"),
    ],
)
def test_what_decides_is_kept(one: str, other: str) -> None:
    assert shape(one) != shape(other)


@pytest.mark.parametrize(
    "text",
    [
        r"SELECT '\' a, doctor_id, drug_id, SUM(quantity), '\' b FROM prescription_item GROUP BY doctor_id, drug_id",
        r"SELECT 'it\'s', doctor_id, drug_id, SUM(quantity) FROM prescription_item GROUP BY doctor_id, drug_id -- '",
    ],
)
def test_a_backslash_hides_nothing_whichever_database_it_is(text: str) -> None:
    assert Reader().verdict(text).answer is Answer.STATISTICS


def test_a_fingerprint_is_the_same_in_any_case() -> None:
    assert fingerprint(shape("select A from T where b = 77")) == fingerprint(shape("SELECT a FROM t WHERE b = 99"))


def test_the_values_of_a_call_tell_it_from_the_next() -> None:
    assert values("SELECT a FROM t WHERE b = 'P1' AND c = 20260301") == ("P1", "20260301")


def test_a_statement_is_parsed_once_whatever_its_values() -> None:
    reader = Reader()
    for n in range(1_000):
        text = f"SELECT doctor_id, SUM(quantity) FROM prescription_item WHERE drug_id = {n + 10} GROUP BY doctor_id"
        assert reader.verdict(text).answer is Answer.STATISTICS
    assert reader.parses == 1


def test_what_speaks_of_no_goods_is_not_parsed_at_all() -> None:
    reader = Reader()
    reader.verdict("SELECT bed_no, status FROM bed WHERE ward_code = 'ICU'")
    assert reader.parses == 0


def test_caches_stay_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wardkeep.watch.statistics.reader.TEXTS", 64)
    monkeypatch.setattr("wardkeep.watch.statistics.reader.SHAPES", 32)
    reader = Reader()
    for n in range(1_000):
        reader.verdict(f"SELECT c{n} FROM bed WHERE x = {n}")
    assert len(reader._texts) <= 64 and len(reader._shapes) <= 32 and len(reader._words) <= 32
