# SPDX-License-Identifier: Apache-2.0
"""The form of a step, what may follow on what, and what the ledger says of it."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.packages import DOCTOR, KIN, SEALED, opening, part, sealing, step_of
from wardkeep.evidence import BundleRefused
from wardkeep.package import LawRefused, StepRefused
from wardkeep.package.act import facts_of
from wardkeep.package.law import Ground, Side
from wardkeep.package.page import page_of
from wardkeep.package.step import Demand, How, Kind, Signature, Step
from wardkeep.package.story import NOTHING, Story, story_of

HAND = {"how": How.HAND, "file": "signatures/0002.jpg", "sha256": "0" * 64, "key": None, "key_sha256": None}
LINE = st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=40)


def told(*bodies: object) -> Story:
    story = NOTHING
    for body in bodies:
        story = story.then(step_of(story, body))
    return story


def hand(side: Side, of: int = 1) -> Signature:
    return Signature(of=of, side=side, name="张四", **HAND)  # type: ignore[arg-type]


@given(name=LINE, reason=LINE, size=st.integers(0, 1 << 33), follows=st.booleans())
def test_a_step_is_read_as_it_was_written(name: str, reason: str, size: int, follows: bool) -> None:
    one = part(name, content=None) if follows else part(name)
    step = step_of(NOTHING, sealing(one, reason=reason))
    assert Step.decode(step.encode(), "x") == step


@pytest.mark.parametrize(
    "path, value",
    [
        (("step",), True), (("step",), "1"), (("step",), 1.0), (("at",), "2026-03-02T12:00:00"), (("at",), "yesterday"),
        (("salt",), "00"), (("before",), "xyz"), (("kind",), "note"), (("format",), "wardkeep-sealed-record/2"),
        (("more",), 1), (("package",), "7"), (("says", "parts"), []), (("says", "parts"), "x"), (("says", "reason"), ""),
        (("says", "reason"), "a\u202eb"), (("says", "reason"), "x" * 501), (("says", "present"), []),
        (("says", "parts", 0, "sha256"), None), (("says", "parts", 0, "sha256"), "A" * 64),
        (("says", "parts", 0, "file"), "../x"), (("says", "parts", 0, "pages"), -1), (("says", "parts", 0, "form"), "fax"),
    ],
)  # fmt: skip
def test_a_step_of_any_other_form_is_refused(path: tuple[str | int, ...], value: object) -> None:
    said = json.loads(step_of(NOTHING, sealing()).encode())
    *steps, last = path
    at = said
    for step in steps:
        at = at[step]
    at[last] = value
    with pytest.raises(BundleRefused, match=r"log/0001\.json"):
        Step.decode(
            json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(), "log/0001.json"
        )


def test_what_was_to_follow_is_told_until_it_is_sealed() -> None:
    one = told(sealing(part("入院记录"), part("出院小结", content=None), part("病理", content=None)))
    assert one.to_follow == ["出院小结", "病理"]
    two = one.then(step_of(one, sealing(part("出院小结"))))
    assert two.to_follow == ["病理"]
    assert [found.name for found in two.parts] == ["入院记录", "出院小结"]


@pytest.mark.parametrize(
    "before, body, reason",
    [
        ((), opening(Ground.COPY, DOCTOR, KIN), "begins with one list"),
        ((), Demand(by=KIN, reason="x"), "begins with one list"),
        ((sealing(),), sealing(part("入院记录")), "part 1 has the name of one that is sealed already"),
        ((sealing(),), sealing(part("b"), patient="P2"), "same patient"),
        ((sealing(),), hand(Side.NOTARY), "not present"),
        ((sealing(), hand(Side.FAMILY)), hand(Side.FAMILY), "has signed it"),
        ((sealing(),), hand(Side.FAMILY, 7), "not present"),
        ((sealing(),), Demand(by=DOCTOR, reason="x"), "patient or kin"),
    ],
)
def test_a_step_that_cannot_follow_is_refused(before: tuple[object, ...], body: object, reason: str) -> None:
    story = told(*before)
    with pytest.raises(StepRefused, match=reason):
        story.then(step_of(story, body))


def test_a_list_comes_once_and_steps_have_their_numbers_and_their_package() -> None:
    story = told(sealing())
    for wrong in ({"kind": Kind.LIST}, {"number": 3}, {"package": uuid.UUID(int=7)}):
        with pytest.raises(StepRefused):
            story.then(step_of(story, sealing(part("b")), **wrong))


def test_three_years_begin_anew_with_a_supplement_and_with_a_demand() -> None:
    story = told(sealing())
    assert story.since == SEALED
    later = story.then(step_of(story, Demand(by=KIN, reason="x"), at=SEALED + timedelta(days=400)))
    assert later.since == SEALED + timedelta(days=400)
    more = later.then(step_of(later, sealing(part("b")), at=SEALED + timedelta(days=500)))
    opened = more.then(step_of(more, opening(Ground.COPY, DOCTOR, KIN), at=SEALED + timedelta(days=600)))
    assert opened.since == SEALED + timedelta(days=500)
    with pytest.raises(LawRefused) as caught:
        opened.then(step_of(opened, opening(Ground.THREE_YEARS, DOCTOR), at=SEALED + timedelta(days=1_200)))
    assert caught.value.refusal.code == "not_three_years"


def test_the_ledger_is_told_hashes_and_codes_and_no_person() -> None:
    story = told(
        sealing(part("入院记录"), part("出院小结", content=None)), hand(Side.FAMILY), opening(Ground.COPY, DOCTOR, KIN)
    )
    for step in story.steps:
        facts = json.dumps(facts_of(step, b"page" if step.number == 1 else None), ensure_ascii=False)
        for word in ("张", "李", "P1", "入院", "医院", "争议", "说明"):
            assert word not in facts
    assert story_of(story.steps) == story


def test_the_same_list_gives_the_same_page_and_the_salt_another_hash() -> None:
    one, two = step_of(NOTHING, sealing()), step_of(NOTHING, sealing(), salt=b"t" * 16)
    assert page_of(one, sealing()) == page_of(one, sealing())
    assert facts_of(one, None)["record"] != facts_of(two, None)["record"]
