# SPDX-License-Identifier: Apache-2.0
"""What `build` promises: repeatable, of the size asked for, refusing nonsense, and ignorant of the detector."""

from __future__ import annotations

import ast
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

import simulate
from simulate.misuse import plan
from simulate.parameters import CASES, KINDS
from tests.unit.simulate.conftest import SIZE


def test_the_same_arguments_give_the_same_hospital(small: simulate.Hospital) -> None:
    again = simulate.build(seed=5, setting="A", **SIZE)
    assert again.events.equals(small.events)
    assert again.misuse.equals(small.misuse)
    assert again.legitimate.equals(small.legitimate)
    assert all(again.tables[name].equals(table) for name, table in small.tables.items())


def test_another_seed_gives_another_hospital(small: simulate.Hospital) -> None:
    other = simulate.build(seed=6, setting="A", **SIZE)
    assert other.tables["patients"]["name"].to_pylist() != small.tables["patients"]["name"].to_pylist()
    assert other.events.num_rows != small.events.num_rows


def test_the_size_is_the_one_asked_for(small: simulate.Hospital) -> None:
    assert small.tables["staff"].num_rows == SIZE["staff"]
    assert small.tables["patients"].num_rows == SIZE["patients"]
    days = {time[:10] for time in small.events["time"].to_pylist()}
    # Two clocks are wrong by minutes: a night may reach into the neighbouring day.
    assert {"2026-03-02", "2026-03-13"} <= days
    assert len(days) <= SIZE["days"] + 2
    assert 30 < small.events.num_rows / SIZE["staff"] / SIZE["days"] < 60


@pytest.mark.parametrize(
    "wrong",
    [
        {"staff": 3},
        {"patients": 700, "staff": 100},
        {"days": 0},
        {"setting": "D"},
        {"undocumented": 0.9},
        {"shared": -0.1},
    ],
)
def test_an_argument_out_of_range_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        simulate.build(**{**SIZE, **wrong})  # type: ignore[arg-type]


def test_a_hospital_without_misuse_can_be_asked_for() -> None:
    quiet = simulate.build(seed=5, setting="none", staff=80, patients=1000, days=4)
    assert quiet.misuse.num_rows == 0


def test_the_period_begins_on_the_day_given() -> None:
    moved = simulate.build(seed=5, setting="none", staff=80, patients=1000, days=2, first_day=date(2027, 1, 30))
    days = Counter(time[:10] for time in moved.events["time"].to_pylist())
    assert [day for day, _ in days.most_common(2)] in (["2027-01-30", "2027-01-31"], ["2027-01-31", "2027-01-30"])


def test_progress_is_told_from_nothing_to_done() -> None:
    told: list[float] = []
    simulate.build(
        seed=5, setting="B", staff=80, patients=1000, days=2, progress=lambda share, what: told.append(share)
    )
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


@pytest.mark.parametrize("setting", ["A", "B", "C"])
def test_every_setting_plans_its_number_of_cases(setting: str) -> None:
    import numpy as np

    planned = plan(setting, CASES[setting], np.random.default_rng(1))
    assert sum(planned.values()) == CASES[setting]
    assert set(planned) == set(KINDS)
    if setting == "C":
        assert max(planned.values()) - min(planned.values()) <= 1
    else:
        assert planned["family"] == max(planned.values())


def test_the_simulator_imports_nothing_of_the_product() -> None:
    for path in Path(simulate.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [n for n in names if n.split(".")[0] == "wardkeep"], f"{path.name} imports the product"
