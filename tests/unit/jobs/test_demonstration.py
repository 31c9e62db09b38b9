# SPDX-License-Identifier: Apache-2.0
"""A demo's home is told from every other, and its month lies behind whatever the clock says."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from wardkeep.cli.demo import FIRST_DAY, first_day
from wardkeep.home import Home
from wardkeep.jobs.demonstration import NotADemo, Wish, finished, is_there, make_room

WISH = Wish(staff=60, patients=600, days=3, seed=1, first_day=FIRST_DAY)


def test_the_month_is_the_same_at_every_start() -> None:
    assert {first_day(date(2026, 4, 5) + timedelta(days=n), 30) for n in (0, 1, 100, 5000)} == {FIRST_DAY}


@pytest.mark.parametrize("today", [date(2026, 4, 3), date(2026, 3, 10), date(2020, 1, 1)])
def test_a_clock_that_is_behind_gets_an_earlier_monday(today: date) -> None:
    begins = first_day(today, 30)
    assert begins.weekday() == FIRST_DAY.weekday() == 0
    assert begins + timedelta(days=30 + 2) < today


def made(folder: Path, wish: Wish = WISH) -> Home:
    home = Home(folder)
    make_room(home, wish)
    home.config.write_text("")
    finished(home, wish)
    return home


def test_a_demo_is_there_when_it_is_whole_and_the_same(tmp_path: Path) -> None:
    home = made(tmp_path / "home")
    assert is_there(home, WISH)
    assert not is_there(home, Wish(staff=60, patients=600, days=3, seed=2, first_day=FIRST_DAY))
    home.config.unlink()
    assert not is_there(home, WISH)


def test_an_absent_or_empty_folder_becomes_a_demo(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "absent" / "home", tmp_path / "empty"):
        assert not is_there(Home(folder), WISH)
        assert make_room(Home(folder), WISH) == folder / "demo"


def test_of_a_demo_all_is_removed_and_of_others_nothing(tmp_path: Path) -> None:
    home = made(tmp_path / "home")
    (home.path / "data").mkdir()
    (home.path / "data" / "x").write_text("x")
    make_room(home, WISH)
    assert [path.name for path in home.path.iterdir()] == ["demo"]


@pytest.mark.parametrize("marker", [None, "", "{}", "[]", '{"mark": "somebody else"}', "\x00"])
def test_without_its_marker_a_folder_is_not_ours(tmp_path: Path, marker: str | None) -> None:
    home = Home(tmp_path / "home")
    (home.path / "demo").mkdir(parents=True)
    home.config.write_text("kept")
    if marker is not None:
        (home.path / "demo" / "marker.json").write_text(marker)
    for act in (is_there, make_room):
        with pytest.raises(NotADemo):
            act(home, WISH)
    assert home.config.read_text() == "kept"
