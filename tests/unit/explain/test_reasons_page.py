# SPDX-License-Identifier: Apache-2.0
"""docs/reference/reasons.md names every reason with what it needs, and no margin that does not exist."""

from __future__ import annotations

import dataclasses
import re

import pytest

from tests.unit.house.files import ROOT
from wardkeep.watch.explain.explain import QUERIES
from wardkeep.watch.explain.reason import NEEDS, Reason
from wardkeep.watch.thresholds import Thresholds

PAGE = (ROOT / "docs" / "reference" / "reasons.md").read_text(encoding="utf-8")
ROWS = {m[1]: m[0] for m in re.finditer(r"^\| `(\w+)` \|.*$", PAGE, re.MULTILINE)}


def test_every_reason_has_a_row_in_order_of_preference() -> None:
    assert [*ROWS] == [reason.value for reason in Reason]


@pytest.mark.parametrize("reason", Reason)
def test_a_row_names_the_tables_that_its_reason_needs(reason: Reason) -> None:
    cells = [c.strip() for c in ROWS[reason.value].strip("|").split("|")]
    named = set(re.findall(r"`(\w+)`", cells[2]))
    assert named == {name for need in NEEDS[reason] for name in need.split("|")}


def test_every_margin_of_the_texts_is_on_the_page_and_every_one_on_the_page_exists() -> None:
    known = {f.name for f in dataclasses.fields(Thresholds)}
    used = {n for q in QUERIES.values() for n in re.findall(r":([a-z][a-z0-9_]*)", q.text)} & known
    named = set(re.findall(r"`(\w+)`", PAGE))
    # How private ties are told apart stands with the detections that report them.
    assert used - named == {"surname_common_share", "building_patients", "household_size", "phone_patients"}
    assert {n for n in named if re.search(r"_(days|hours|minutes|seconds|share|lift)$", n)} <= known
