# SPDX-License-Identifier: Apache-2.0
"""The disorder of real logs, in the shares that were asked for."""

from __future__ import annotations

import numpy as np
import pytest

import simulate
from simulate.calibration import as_markdown, calibration, flags
from tests.unit.simulate.conftest import SIZE


def _people(hospital: simulate.Hospital) -> np.ndarray:
    return (hospital.lines["patient"] >= 0) & (hospital.lines["actor"] >= 0)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3])
def test_the_share_of_undocumented_accesses_is_the_one_asked_for(share: float) -> None:
    hospital = simulate.build(seed=5, setting="none", undocumented=share, **SIZE)
    touch = _people(hospital)
    assert 1 - hospital.lines["documented"][touch].mean() == pytest.approx(share, abs=0.025)


def test_three_in_ten_accesses_are_under_a_shared_or_borrowed_account(small: simulate.Hospital) -> None:
    touch = _people(small)
    away = small.lines["actor"][touch] != small.lines["account"][touch]
    assert 0.28 < away.mean() < 0.40


def test_a_fifth_of_addresses_is_wrong(small: simulate.Hospital) -> None:
    from simulate.names import addresses

    right = addresses(small.people.home) == small.people.address
    assert 1 - right.mean() == pytest.approx(0.20, abs=0.03)


def test_some_rows_are_entered_hours_late_and_none_before_the_fact(small: simulate.Hospital) -> None:
    starts = small.tables["encounters"]["start"].to_pylist()
    entered = small.tables["encounters"]["recorded_at"].to_pylist()
    hours = np.array(
        [
            (np.datetime64(b[:19]) - np.datetime64(a[:19])).astype(int) / 3600
            for a, b in zip(starts, entered, strict=True)
        ]
    )
    assert hours.min() >= 0
    assert np.mean(hours > 0.9) == pytest.approx(0.15, abs=0.03)


def test_each_system_has_a_clock_of_its_own(small: simulate.Hospital) -> None:
    """Openings of one moment stand at different times in different logs."""
    from simulate.sessions import CLOCKS

    assert len(set(CLOCKS.tolist())) >= 4
    first = [t for t, s in zip(*(small.events[c].to_pylist() for c in ("time", "system")), strict=True) if s == "HIS"]
    assert first[0] < "2026-03-02T01:00:00"


def test_the_hospital_has_its_awkward_patients(small: simulate.Hospital) -> None:
    patients = small.tables["patients"].to_pylist()
    names = [p["name"] for p in patients]
    assert any(n.startswith("无名氏") for n in names)
    assert any(p["died_on"] for p in patients)
    assert sum("vip" in (p["sensitivity"] or "") for p in patients) >= 6
    assert sum(p["honey"] == "1" for p in patients) == 12
    phones = [p["phone"] for p in patients if p["phone"]]
    assert len(set(phones)) < len(phones)  # families share a number
    assert any(s["patient_id"] for s in small.tables["staff"].to_pylist())


def test_a_newborn_lies_in_its_ward_under_the_mothers_number(small: simulate.Hospital) -> None:
    encounters = small.tables["encounters"].to_pylist()
    mothers = {e["patient_id"] for e in encounters if e["department"] == "OBST"}
    babies = {e["patient_id"] for e in encounters if e["department"] == "NEON"}
    if "NEON" in small.tables["departments"]["department"].to_pylist():
        assert babies and babies <= mothers


def test_a_borrowed_bed_is_a_transfer_and_back(small: simulate.Hospital) -> None:
    moves = [(t["patient_id"], t["from_department"], t["to_department"]) for t in small.tables["transfers"].to_pylist()]
    assert any((patient, b, a) in moves for patient, a, b in moves)


def test_flags_find_ties_in_recorded_data_alone(small: simulate.Hospital) -> None:
    own = small.people.staff_patient
    staff = np.flatnonzero(own >= 0)[:20]
    found = flags(small, staff, own[staff])
    assert found["self"].all()
    assert not found["family"].any()


def test_the_calibration_stands_beside_published_rates(small: simulate.Hospital) -> None:
    rates = {r.measure: r for r in calibration(small)}
    explained = float(rates["flagged accesses that five simple reasons explain"].here.rstrip(" %"))
    assert 10 < explained < 43
    assert rates["family among snooping cases"].published == "77 %"
    table = as_markdown(list(rates.values()))
    assert table.count("\n") == len(rates) + 1
