# SPDX-License-Identifier: Apache-2.0
"""Sentences from codes and values, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from wardkeep.watch.detect.finding import Detection
from wardkeep.watch.explain.reason import Reason

MORNING = datetime(2026, 3, 2, 0, 15, tzinfo=UTC)
ORDER = {
    "order_id": "4711",
    "kind": "laboratory",
    "ordered_by": "S001",
    "performing_department": "LAB",
    "time": MORNING,
}
ENCOUNTER = {
    "encounter_id": "N9",
    "kind": "inpatient",
    "department": "CARD",
    "start": MORNING,
    "end": None,
    "attending_id": "S001",
}


@pytest.fixture(autouse=True)
def _django(django_home: Any) -> None:
    """Translation and zone as in the console."""


def _because(reason: str, row: dict[str, Any], *, table: str, source: str, language: str, support: Any = None) -> str:
    from django.utils import translation

    from wardkeep.watch.cases.pages import ReasonShown
    from wardkeep.web.accounts.read import People
    from wardkeep.web.say.reason import because

    shown = ReasonShown(reason=reason, source_table=table, source_id=source, late=False, support=support or {})
    with translation.override(language):
        names = People(by_account={}, by_staff={"S001": "Dr Chen"}, departments={"CARD": "Cardiology"})
        return because(shown, row, "Dr Chen", names)


@pytest.mark.parametrize(
    ("reason", "row", "table", "english", "chinese"),
    [
        (
            "order_placed",
            ORDER,
            "orders",
            "Dr Chen placed order 4711 (laboratory) on 2026-03-02 08:15.",
            "Dr Chen 于 2026-03-02 08:15 开具医嘱 4711（检验）。",
        ),
        (
            "order_performed",
            ORDER,
            "orders",
            "LAB performs order 4711 (laboratory), placed on 2026-03-02 08:15 by Dr Chen.",
            "LAB 执行医嘱 4711（检验），由 Dr Chen 于 2026-03-02 08:15 开具。",
        ),
        (
            "attending",
            ENCOUNTER,
            "encounters",
            "Dr Chen answers for encounter 4711 (inpatient stay, Cardiology), from 2026-03-02 08:15 on.",
            "Dr Chen 负责就诊 4711（住院，Cardiology），自 2026-03-02 08:15 起。",
        ),
    ],
)
def test_a_reason_is_said_with_the_hospitals_own_row(
    reason: str, row: dict[str, Any], table: str, english: str, chinese: str
) -> None:
    assert _because(reason, row, table=table, source="4711", language="en") == english
    assert _because(reason, row, table=table, source="4711", language="zh-hans") == chinese


def test_a_row_that_is_gone_gives_the_plain_sentence() -> None:
    said = _because("order_placed", {}, table="orders", source="4711", language="en")
    assert said == "Order placed, documented in orders, row 4711."


def test_a_learned_reason_says_what_it_rests_on() -> None:
    support = {"text": "patients:14 accounts:5 lift:3.1 coverage:0.2"}
    said = _because("learned", {}, table="encounters", source="N9", language="en", support=support)
    assert "14 patients and 5 other accounts" in said
    assert "3.1 times" in said


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("row", [{}, ORDER, ENCOUNTER, {"time": None}])
def test_every_reason_is_said_whatever_its_row_holds(reason: Reason, row: dict[str, Any]) -> None:
    for language in ("en", "zh-hans"):
        said = _because(reason, row, table="orders", source="1", language=language)
        assert said
        assert "%(" not in said


@pytest.mark.parametrize(
    ("observed", "english", "chinese"),
    [
        ({}, "The account holder opened the own record outside the patient portal.", "未经患者门户打开了本人病历"),
        (
            {"other_number": True},
            "own record, under the number P7B: it was merged with the own one.",
            "用的是编号 P7B",
        ),
    ],
)
def test_the_own_record_is_said_with_the_number_under_which_it_was_opened(
    observed: dict[str, Any], english: str, chinese: str
) -> None:
    from django.utils import translation

    from wardkeep.watch.cases.pages import FindingShown
    from wardkeep.web.say.finding import saw

    shown = FindingShown(
        finding_id="1", detection="self_access", patient_id="P7B", from_at=MORNING, to_at=MORNING, event_ids=[],
        observed=observed, threshold={}, looked_for=[], stands=True,
    )  # fmt: skip
    for language, words in (("en", english), ("zh-hans", chinese)):
        with translation.override(language):
            assert words in saw(shown)


def test_every_reason_and_detection_has_a_name_and_a_sentence() -> None:
    from wardkeep.web.say import codes, finding, reason

    assert set(codes.REASONS) == set(Reason)
    assert set(reason.SENTENCES) == set(Reason)
    assert set(codes.DETECTIONS) == {*Detection, "account_day"}
    assert set(finding.SENTENCES) == {*Detection, "account_day"}


def test_every_number_of_a_finding_and_every_term_of_a_score_has_a_name_in_both_languages() -> None:
    from django.utils import translation

    from wardkeep.watch.detect.described import DETECTIONS
    from wardkeep.watch.rank.score import TERMS
    from wardkeep.web.say import measures

    numbers = {name for d in DETECTIONS.values() for name in (*d.measures, *d.thresholds)}
    assert numbers - set(measures.MEASURES) == set()
    assert {term.name for term in TERMS} - set(measures.TERMS) == set()
    for names in (measures.MEASURES, measures.TERMS):
        for code, said in names.items():
            with translation.override("en"):
                english = str(said)
            with translation.override("zh-hans"):
                assert str(said) != english or code in ("CUSUM",), f"{code} has no Chinese name"


@pytest.mark.parametrize(
    "table",
    [
        "REASONS",
        "DETECTIONS",
        "ACTS",
        "ACTIONS",
        "TABLES",
        "STAFF_ROLES",
        "ACCOUNT_KINDS",
        "KINDS",
        "EVENT_OUTCOMES",
        "HAPPENINGS",
        "COVERS",
        "OWN_PAGES",
        "TRIGGERS",
    ],
)
def test_every_code_has_a_name_in_both_languages(table: str) -> None:
    from django.utils import translation

    from wardkeep.web.say import codes

    for code, said in getattr(codes, table).items():
        with translation.override("en"):
            english = str(said)
        with translation.override("zh-hans"):
            assert str(said) != english, f"{code} has no Chinese name"


def test_every_table_action_outcome_and_happening_of_the_engines_has_a_name() -> None:
    from wardkeep.watch.cases.case import Happening, TouchKind
    from wardkeep.watch.event import Action, Outcome
    from wardkeep.watch.hospital.tables import TABLES
    from wardkeep.web.say import codes

    assert set(TABLES) - set(codes.TABLES) == set()
    assert set(Action) - set(codes.ACTIONS) == set()
    assert set(Outcome) - set(codes.EVENT_OUTCOMES) == set()
    assert set(Happening) - set(codes.HAPPENINGS) == set()
    assert {f"wardkeep:{kind}" for kind in TouchKind} == set(codes.OWN_PAGES)


def test_every_act_that_is_made_through_the_outbox_has_a_name() -> None:
    import re
    from pathlib import Path

    import wardkeep
    from wardkeep.watch.cases.case import TouchKind
    from wardkeep.web.say import codes

    families = "account|alert|case|database|evidence|intake|integrity|judgement|keys|notice|package"
    room = Path(wardkeep.__file__).parent
    made = {
        name
        for path in room.rglob("*.py")
        if path.parent.name != "say"
        for name in re.findall(rf'"((?:{families}):[a-z_]+:[a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert made | {f"touch:{kind}:opened" for kind in TouchKind} == set(codes.ACTS)


def test_a_percentage_is_never_rounded_to_all_or_none() -> None:
    from wardkeep.web.templatetags.console import percent

    assert [percent(v) for v in (None, 0, 0.0004, 0.5, 0.9412, 0.9999, 1)] == [
        "–",
        "0%",
        "<0.1%",
        "50%",
        "94.1%",
        ">99.9%",
        "100%",
    ]


def test_a_time_of_a_database_says_no_fraction_that_is_none() -> None:
    from wardkeep.web.templatetags.console import whole_seconds

    asked = (
        "2026-03-31 00:40:00.000000",
        "2026-03-31 00:40:00.000000+08:00",
        "2026-03-31 00:40:00.012000",
        "7.000",
        None,
    )
    assert [whole_seconds(text) for text in asked] == [
        "2026-03-31 00:40:00",
        "2026-03-31 00:40:00+08:00",
        "2026-03-31 00:40:00.012000",
        "7.000",
        "",
    ]


def test_columns_of_a_statement_stand_with_what_they_are_about_in_the_readers_language(django_home: Any) -> None:
    from django.utils import translation

    from wardkeep.watch.statistics.verdict import Concept
    from wardkeep.web.say.finding import _columns
    from wardkeep.web.say.measures import CONCEPTS

    assert set(CONCEPTS) == {concept.value for concept in Concept}
    with translation.override("zh-hans"):
        assert _columns("drug: rx.drug_code, quantity: 数量, other: x") == "药品: rx.drug_code, 数量: 数量, other: x"
    with translation.override("en"):
        assert _columns("drug: rx.drug_code") == "drug: rx.drug_code"


def test_every_reason_for_setting_aside_that_the_readers_page_lists_has_a_name() -> None:
    import re

    from tests.unit.house.files import ROOT
    from wardkeep.web.say.codes import SET_ASIDE

    page = (ROOT / "docs/reference/readers.md").read_text(encoding="utf-8")
    table = page.partition("| reason | what it means |")[2].partition("\n\n")[0]
    listed = {
        code
        for line in table.splitlines()
        for code in re.findall(r"`([a-z-]+)`", line.split("|")[1] if "|" in line else "")
    }
    assert len(listed) > 40
    assert listed - set(SET_ASIDE) == set()
