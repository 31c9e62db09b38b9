# SPDX-License-Identifier: Apache-2.0
"""An account that a log writes otherwise than the hospital's table is the same account to every live detection."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.live.heard import KNOWN, event, failed, judged, said
from wardkeep.watch.spelling import Spellings

SPELT = replace(
    KNOWN,
    spellings=Spellings(((name, one.person, one.kind) for name, one in KNOWN.holders.items()), ["S1", "S2", "S3"]),
)


@pytest.mark.parametrize("written", ["NURSE1", "HOSP\\nurse1", "nurse1@hospital.cn", "ｎｕｒｓｅ１", " nurse1 ", "S1"])
def test_who_opens_the_own_record_is_found_by_any_spelling(written: str) -> None:
    (alert,) = judged([event(0, written, "P-OWN")], known=SPELT)
    assert (alert.detection, alert.account, alert.person) == ("self_access", "nurse1", "S1")
    assert alert.observed["written"] == written


def test_the_account_as_the_table_has_it_is_not_said_twice() -> None:
    (alert,) = judged([event(0, "nurse1", "P-OWN")], known=SPELT)
    assert "written" not in alert.observed


def test_two_spellings_are_one_account_to_what_is_counted_and_to_what_is_quiet() -> None:
    assert said([event(0, "nurse1", "P-OWN"), event(1, "NURSE1", "P-OWN")], known=SPELT) == ["self_access"]
    guesses = [failed(n / 10, ("nurse1", "NURSE1")[n % 2]) for n in range(10)]
    assert said(guesses, known=SPELT) == ["brute_force"]
    sprayed = [failed(n / 10, f"HOSP\\{name}") for n, name in enumerate(["nurse1", "NURSE1", "Nurse1"] * 3)]
    assert said(sprayed, known=SPELT, spray_accounts=3) == []


def test_a_stranger_stays_one_and_his_name_is_as_it_is_written() -> None:
    (alert,) = judged([event(0, "STRANGER", "P-HONEY")], known=SPELT)
    assert (alert.account, alert.person, alert.observed.get("written")) == ("STRANGER", None, None)


def test_who_left_is_found_by_the_number_and_a_privileged_account_by_its_domain() -> None:
    assert said([event(1, "S3", "P-1")], known=SPELT) == ["leaver"]
    (alert,) = judged([event(0, "HOSP\\ROOT", workstation="WS-1")], known=SPELT)
    assert (alert.detection, alert.account) == ("new_workstation", "root")
