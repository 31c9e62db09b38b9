# SPDX-License-Identifier: Apache-2.0
"""How many of the labelled statements are told right; the held-out ones were written before any rule and never tuned on."""

from __future__ import annotations

import re

import pytest

from simulate.machines import LOOKUPS
from simulate.sources import statements as said
from simulate.thefts import DISGUISED, PLAIN
from tests.unit.statistics.labelled import HELD, LATER, TUNED, Statement, schema, score
from wardkeep.watch.statistics.reader import Reader
from wardkeep.watch.statistics.verdict import Answer, By, How

READER = Reader(schema())


@pytest.mark.parametrize("statement", [*TUNED, *LATER], ids=lambda s: s.id)
def test_a_statement_is_told_as_its_label_says(statement: Statement) -> None:
    assert READER.verdict(statement.text).answer is statement.label, statement.what


def test_of_the_held_out_statements_most_are_told_and_hardly_any_is_flagged_wrongly() -> None:
    found = score(HELD, Reader(schema()))
    assert found.recall >= 0.90 and found.precision >= 0.95, found.wrong


@pytest.mark.parametrize("label", Answer)
def test_each_label_has_its_examples(label: Answer) -> None:
    assert [s for s in TUNED if s.label is label] and [s for s in HELD if s.label is label]
    assert len({s.text for s in (*TUNED, *HELD, *LATER)}) == len(TUNED) + len(HELD) + len(LATER) > 300


@pytest.mark.parametrize("statement", [s for s in TUNED if s.label is Answer.UNKNOWN], ids=lambda s: s.id)
def test_what_no_schema_explains_is_named_and_never_clean(statement: Statement) -> None:
    verdict = READER.verdict(statement.text)
    assert verdict.answer is Answer.UNKNOWN and verdict.unknown


def test_a_huge_text_is_never_clean_for_what_was_not_read_of_it() -> None:
    middle = ", ".join(f"a{n} AS c{n}" for n in range(9_000))
    tail = " AND ".join(f"c{n} > 3" for n in range(4_000))
    asked = "doctor_code, drug_name, SUM(amount) FROM presc_detail GROUP BY doctor_code, drug_name"
    found = Reader().verdict(f"SELECT {middle}, {asked} HAVING {tail}")
    assert found.answer is Answer.STATISTICS and not found.certain
    constants = ", ".join(f"'a{n}' AS c{n}" for n in range(4_000))
    assert Reader().verdict(f"SELECT {constants}, {asked}").answer is Answer.STATISTICS
    found = Reader().verdict("SELECT " + ", ".join(f"drug{n}" for n in range(12_000)) + " FROM x")
    assert found.answer is Answer.UNKNOWN and "65536" in found.unknown[0]
    assert Reader().verdict("INSERT INTO emr VALUES (" + "'drug'," * 60_000 + "1)").answer is Answer.ORDINARY


def test_without_a_schema_silent_names_are_not_guessed() -> None:
    bare = Reader()
    assert bare.verdict("SELECT A1, A2, A3 FROM V_TJ_0031").answer is Answer.ORDINARY
    assert bare.verdict("BEGIN P_RPT_0091(SYSDATE, SYSDATE, :rc); END;").answer is Answer.UNKNOWN


def test_a_verdict_says_what_was_found_in_which_column() -> None:
    verdict = READER.verdict("SELECT C03, C02, SUM(C05) FROM S_A1 GROUP BY C03, C02")
    assert {(one.concept.value, one.name) for one in verdict.seen} == {
        ("prescriber", "ZYHIS.T_0417.c03"),
        ("drug", "ZYHIS.T_0417.c02"),
        ("quantity", "ZYHIS.T_0417.c05"),
        ("drug", "ZYHIS.T_0417"),
    }


@pytest.mark.parametrize(
    "text, how",
    [
        ("SELECT doctor_id, drug_id, SUM(quantity) FROM prescription_item GROUP BY 1, 2", How.SUMS),
        ("SELECT doctor_id, drug_id, quantity FROM prescription_item", How.LINES),
        ("CREATE TABLE x AS SELECT doctor_id, drug_id, quantity FROM prescription_item", How.COPY),
        ("SELECT doctor_id, drug_id, quantity FROM prescription_item INTO OUTFILE '/tmp/x'", How.COPY),
        ("医生用药统计", How.REPORT),
    ],
)
def test_a_statistic_says_how_it_takes_the_data(text: str, how: How) -> None:
    assert READER.verdict(text).how is how


@pytest.mark.parametrize(
    "text, certain",
    [
        ("SELECT doctor_id, SUM(quantity) FROM prescription_item WHERE drug_id = 1 GROUP BY doctor_id", True),
        (
            "SELECT doctor_id, SUM(quantity) FROM prescription_item WHERE drug_id = 1 GROUP BY doctor_id HAVING ((",
            False,
        ),
        ("SELECT doctor_id, SUM(quantity), '" + "x" * 70_000 + "' FROM prescription_item GROUP BY doctor_id", True),
        (
            "SELECT doctor_id, " + "drug_id, " * 9_000 + " SUM(quantity) FROM prescription_item GROUP BY doctor_id",
            False,
        ),
    ],
)
def test_what_is_told_from_its_words_is_marked_less_certain(text: str, certain: bool) -> None:
    verdict = Reader().verdict(text)
    assert verdict.answer is Answer.STATISTICS
    if not certain:
        assert not verdict.certain


def _filled(text: str) -> str:
    return re.sub(r"\{\w\}", "17", text)


@pytest.mark.parametrize(
    "text", [*said.READS, *said.WRITES, *said.CHANGES, *said.FINDS, *said.LISTS, said.SIGN_IN, *said.UPKEEP, *LOOKUPS]
)
def test_what_another_author_made_an_application_say_is_ordinary(text: str) -> None:
    assert Reader().verdict(_filled(text)).answer is Answer.ORDINARY


@pytest.mark.parametrize("text", [*said.REPORTS, said.REPORT_MENU, *said.PULL[:3], *PLAIN, *DISGUISED])
def test_what_another_author_made_statistics_of_is_told(text: str) -> None:
    verdict = Reader().verdict(_filled(text))
    assert verdict.answer is Answer.STATISTICS and verdict.by is By.PRESCRIBER


@pytest.mark.parametrize("number", ["pat_id", "visit_no", "inp_no", "reg_id", "patient_id", "mr_no", "pat_no"])
def test_one_patient_is_one_whatever_the_number_is_called(number: str) -> None:
    text = f"SELECT doctor_code, drug_code, qty FROM rx_item WHERE {number} = 17"
    assert Reader().verdict(text).answer is Answer.ORDINARY
