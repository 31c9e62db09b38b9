# SPDX-License-Identifier: Apache-2.0
"""How far a source's clock is off: from pairs, with outliers and jumps, and never from too few."""

from __future__ import annotations

from tests.unit.attribute.trails import same_clocks, session, trails, ward
from tests.unit.explain.world import MINUTE, SECOND, at


def test_a_clock_that_is_five_minutes_off_is_seen_through() -> None:
    """Uncorrected, Ann's use of 11:58 stands at 12:03, in Ben's session."""
    w = ward()
    same_clocks(w, "ad", "emr", offsets={"emr": 300})
    session(w, "ann", at(0, "08:00"), at(0, "12:00"))
    session(w, "ben", at(0, "12:01"), at(0, "16:00"))
    w.event("med", "P1", at(0, "12:03"), name="use", workstation="ws1")
    found = trails(w)
    assert found.named("use") == "ANN"
    (clock,) = [c for c in found.clocks if c.system != c.reference]
    assert abs(clock.offset_seconds) == 300
    assert clock.spread_seconds == 0 and clock.pairs == 25 and clock.applied


def test_under_the_least_count_nothing_is_applied_and_nobody_is_named_at_the_turn() -> None:
    w = ward()
    for n in range(5):
        for system, ahead in (("ad", 0), ("emr", 300)):
            w.event(
                "cyn",
                None,
                at(-9, "06:00") + n * MINUTE + ahead * SECOND,
                "login",
                system=system,
                session_id=f"number-{n}",
            )
    session(w, "ann", at(0, "08:00"), at(0, "12:00"))
    session(w, "ben", at(0, "12:01"), at(0, "16:00"))
    w.event("med", "P1", at(0, "12:03"), name="use", workstation="ws1")
    found = trails(w)
    assert found.state("use") == "several"
    assert found.claims["use"].keys() == {"ANN", "BEN"}
    (clock,) = [c for c in found.clocks if c.system != c.reference]
    assert clock.pairs == 5 and not clock.applied


def test_outliers_do_not_move_the_offset() -> None:
    w = ward()
    same_clocks(w, "ad", "emr", offsets={"emr": 40})
    for n in range(8):
        for system, ahead in (("ad", 0), ("emr", 900 + n)):
            w.event(
                "cyn", None, at(-12, "06:00") + n * MINUTE + ahead * SECOND, "login", system=system, session_id=f"odd-{n}-x",
                ip="10.9.9.9",
            )  # fmt: skip
    w.event("med", "P1", at(0), name="use", workstation="ws1")
    (clock,) = [c for c in trails(w).clocks if c.system != c.reference]
    assert abs(clock.offset_seconds) == 40 and clock.applied


def test_two_acts_one_after_the_other_are_no_pair() -> None:
    """A person signs in to Windows and half a minute to four minutes later to the application: that is no clock."""
    w = ward()
    for n in range(40):
        w.event("cyn", None, at(-9, "06:00") + n * 60 * MINUTE, "login", system="ad", ip="10.9.9.9")
        w.event(
            "cyn", None, at(-9, "06:00") + n * 60 * MINUTE + (30 + 5 * n) * SECOND, "login", system="emr", ip="10.9.9.9"
        )
    w.event("med", "P1", at(0), name="use", workstation="ws1")
    (clock,) = [c for c in trails(w).clocks if c.system != c.reference]
    assert clock.pairs == 40 and clock.spread_seconds > 10 and not clock.applied


def test_a_day_on_which_the_clock_was_set_has_an_offset_of_its_own() -> None:
    w = ward()
    same_clocks(w, "ad", "emr", days=4)
    for n in range(25):
        for system, ahead in (("ad", 0), ("emr", 600)):
            moment = at(0, "06:00") + n * MINUTE + ahead * SECOND
            w.event("cyn", None, moment, "login", system=system, session_id=f"reset-{n}", ip="10.9.9.9")
            w.event("cyn", None, moment + 30 * SECOND, "logout", system=system, session_id=f"reset-{n}", ip="10.9.9.9")
    for day in (-9, 0):
        session(w, "ann", at(day, "08:00"), at(day, "12:00"))
        session(w, "ben", at(day, "12:01"), at(day, "16:00"))
        w.event("med", "P1", at(day, "12:05"), name=f"use{day}", workstation="ws1")
    found = trails(w)
    assert found.named("use-9") == "BEN"
    assert found.named("use0") == "ANN"


def test_an_offset_is_known_by_way_of_a_third_system() -> None:
    w = ward()
    for pair, offset in ((("ad", "vpn"), {"vpn": 20}), (("ad", "his"), {}), (("vpn", "emr"), {"vpn": 20, "emr": 320})):
        for n in range(25):
            for system in pair:
                moment = at(-9, "06:00") + n * MINUTE + offset.get(system, 0) * SECOND
                w.event("cyn", None, moment, "login", system=system, session_id=f"{'-'.join(pair)}-{n}")
    w.event("med", "P1", at(0), name="use", workstation="ws1")
    found = {c.system: c for c in trails(w).clocks}
    difference = found["emr"].offset_seconds - found["ad"].offset_seconds
    assert difference == 320 and found["emr"].applied
