# SPDX-License-Identifier: Apache-2.0
"""Privileged accounts that stand in no table are looked at like the others, however they are written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.live.heard import KNOWN, event, judged, said
from wardkeep.watch.live import Known, Lack, Limits, Live, LiveDetection, counted, looking

ROOTS = replace(
    KNOWN, privileged=KNOWN.privileged | {"sa", "Administrator"}, places={**KNOWN.places, "sa": frozenset({"DBA-1"})}
)


@pytest.mark.parametrize("written", ["sa", "SA", " sa ", "HOSP\\sa"])
def test_one_that_is_in_no_table_is_looked_at_by_any_spelling(written: str) -> None:
    (alert,) = judged([event(0, written, workstation="EVIL")], known=ROOTS)
    assert (alert.detection, alert.account, alert.person) == ("new_workstation", "sa", None)
    assert said([event(0, written, workstation="dba-1.hosp.local")], known=ROOTS) == []


def test_of_one_of_which_nothing_is_known_the_first_place_is_taken_as_known() -> None:
    rows = [
        event(n, way, workstation=("A", "EVIL")[n == 2])
        for n, way in enumerate(["administrator", "PC9\\Administrator"] * 2)
    ]
    assert said(rows, known=ROOTS) == ["new_workstation"]


def test_a_stranger_who_is_not_listed_is_none_and_nor_is_a_failed_sign_in() -> None:
    assert said([event(n, "saboteur", workstation=f"A{n}") for n in range(5)], known=ROOTS) == []
    assert said([event(0, "sa", workstation="EVIL", action="login", outcome="failure")], known=ROOTS) == []


def test_an_account_of_the_table_is_itself_whatever_a_listed_one_is_called() -> None:
    known = replace(ROOTS, privileged=frozenset({"OTHER\\nurse1"}))
    assert said([event(n, "nurse1", workstation=f"A{n}") for n in range(3)], known=known) == []


def test_where_only_such_are_listed_nothing_is_said_to_lack() -> None:
    found = {one.detection: one.lack for one in looking(counted(Known(privileged=frozenset({"sa"}))), {})}
    assert found[LiveDetection.NEW_PLACE] == Lack.EVENTS


def test_what_is_learned_later_counts_from_then_on() -> None:
    live = Live(Limits(), replace(ROOTS, places={}))
    assert said([event(0, "sa", workstation="EVIL")], live=live) == []
    live.know(ROOTS)
    assert said([event(1, "sa", workstation="EVIL"), event(2, "sa", workstation="DBA-1")], live=live) == [
        "new_workstation"
    ]
