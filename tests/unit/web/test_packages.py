# SPDX-License-Identifier: Apache-2.0
"""The page of sealed record packages: what the ledger knows of them, and no name."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tests.packages import DOCTOR, KIN, NOTARY, opening, part, sealing, step_of
from tests.unit.web import hospital
from wardkeep.package.act import ACTS, facts_of
from wardkeep.package.law import Ground, Side
from wardkeep.package.step import Demand, How, Signature, Step
from wardkeep.package.story import Story


def hand(side: Side, of: int = 1) -> Signature:
    return Signature(
        of=of,
        side=side,
        name="张四",
        how=How.HAND,
        file="signatures/0002.jpg",
        sha256="0" * 64,
        key=None,
        key_sha256=None,
    )


def sealed(bodies: Sequence[Any], *, at: datetime = NOON) -> str:
    """Acts of one package, in the ledger."""
    from wardkeep.seal import outbox
    from wardkeep.seal.act import action

    steps: tuple[Step, ...] = ()
    package = uuid.uuid4()
    for body in bodies:
        step = step_of(Story(steps), body, package=package)
        steps += (step,)
        with action(ACTS[step.kind], actor="cli", at=at + timedelta(minutes=len(steps)), patients=["P1"]) as act:
            for name, value in facts_of(step, None).items():
                act.fact(name, value)
    outbox.drain(hospital.Reader())
    return str(package)


def shown(enter: Any, role: str = "auditor", **more: Any) -> str:
    page: str = enter(role, **more).get("/packages/").content.decode()
    return page


def test_a_page_without_packages_says_what_makes_one(enter: Any, house: Any) -> None:
    assert "wardkeep records package make" in shown(enter)


def test_a_package_shows_its_state_its_signatures_and_each_opening(enter: Any, house: Any) -> None:
    key = sealed(
        [
            sealing(part("入院记录"), part("出院小结", content=None)),
            hand(Side.FAMILY),
            opening(Ground.COPY, DOCTOR, KIN),
            Demand(by=KIN, reason="要求调解"),
        ]
    )
    page = shown(enter)
    assert key in page and "1 to follow" in page and "demands: 1" in page
    assert "patient or kin: by hand, picture kept" in page and "not signed: hospital" in page
    assert "copies asked for" in page and "present: hospital · patient or kin" in page
    assert "sealing has ended" not in page and "by the hospital alone from" in page


def test_the_hospital_may_open_alone_from_the_day_after_three_years(enter: Any, house: Any) -> None:
    sealed([sealing()], at=NOON)
    day = NOON + timedelta(hours=8)
    assert f"by the hospital alone from {day.year + 3}-{day.month:02}-{day.day + 1:02}" in shown(enter)


def test_a_package_that_was_opened_alone_has_ended_and_one_that_both_opened_has_not(enter: Any, house: Any) -> None:
    sealed([sealing(), opening(Ground.SETTLED, DOCTOR, document="协议")])
    page = shown(enter)
    assert "sealing has ended" in page and "by the hospital alone from" not in page
    sealed([sealing(present=(DOCTOR, NOTARY)), opening(Ground.APPRAISAL, DOCTOR, NOTARY)])
    assert shown(enter, "security_director").count("sealing has ended") == 1


def test_the_page_names_no_person_and_no_record_in_either_language(enter: Any, house: Any) -> None:
    sealed([sealing(), hand(Side.FAMILY), opening(Ground.COPY, DOCTOR, KIN)])
    for name, language in (("one", "en"), ("two", "zh")):
        page = shown(enter, name=name, language=language)
        assert not any(word in page for word in ("张三", "张四", "李主任", "入院记录", "第一医院"))
    assert "患者或近亲属" in page
    shown_words = re.sub(r"<code.*?</code>|<[^>]*>|&\w+;", " ", page[page.index("<main") : page.index("</main")])
    assert re.findall(r"[A-Za-z]{2,}", shown_words) == []


def test_an_act_that_cannot_be_read_is_said_to_be_so(enter: Any, house: Any) -> None:
    sealed([sealing()])
    hospital.Reader.more[-1] = b"{}"
    assert "not readable" in shown(enter)


@pytest.mark.parametrize("role", ["security_specialist", "department_head", "system_administrator"])
def test_others_are_offered_no_packages(role: str, enter: Any, house: Any) -> None:
    assert enter(role).get("/packages/").status_code == 403
