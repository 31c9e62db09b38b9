# SPDX-License-Identifier: Apache-2.0
"""Whatever comes in: no crash, every byte accounted for, no neighbour lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.integration.intake.fuzz import TARGETS, Target, attack, prepare

SHORT, LONG = 1_500, 100_000
#: Of the long form, for each reader at least.
EACH = 10_000


def run(target: Target, count: int, folder: Path) -> None:
    prepare(target, folder)
    for i in range(count):
        trouble = attack(target, random.Random(f"{target.name}:{i}"), folder)
        assert trouble is None, f"{target.name} input {i}: {trouble}"


@pytest.mark.parametrize("target", TARGETS, ids=lambda t: t.name)
def test_a_mutated_record_costs_itself_and_no_other(target: Target, tmp_path: Path) -> None:
    run(target, SHORT // len(TARGETS), tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("target", TARGETS, ids=lambda t: t.name)
def test_a_hundred_thousand_mutated_inputs_cost_only_the_mutated_records(target: Target, tmp_path: Path) -> None:
    run(target, max(EACH, LONG // len(TARGETS)), tmp_path)
