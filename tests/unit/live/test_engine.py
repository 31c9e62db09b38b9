# SPDX-License-Identifier: Apache-2.0
"""What holds for every live detection: quiet, bounded, and the same each time."""

from __future__ import annotations

import random

import pytest

from tests.unit.live.heard import KNOWN, MINUTE, NOON, event, failed, judged, said
from wardkeep.watch.detect.described import Scene, Threat
from wardkeep.watch.intake.row import Row
from wardkeep.watch.live import Known, LimitError, Limits, Live, LiveDetection
from wardkeep.watch.live.described import LIVE
from wardkeep.watch.live.memory import KEYS, VALUES, Different, Recent, Said


def test_an_alert_is_not_repeated_within_the_quiet_time_and_is_after_it() -> None:
    again = [event(m, "nurse1", "P-HONEY") for m in (0, 30, 59.9, 60, 61)]
    assert [a.at_us for a in judged(again)] == [NOON, NOON + 60 * MINUTE]


def test_another_account_patient_or_detection_is_said_by_itself() -> None:
    rows = [event(0, "nurse1", "P-HONEY"), event(0, "nurse2", "P-HONEY"), event(0, "nurse1", "P-OWN")]
    assert said(rows) == ["honey", "honey", "self_access"]


def test_what_another_process_said_is_not_said_again() -> None:
    first = judged([event(0, "nurse1", "P-HONEY")])
    live = Live(Limits(), KNOWN)
    live.remember(first)
    assert said([event(5, "nurse1", "P-HONEY"), event(5, "nurse2", "P-HONEY")], live=live) == ["honey"]


def chance(seed: int, count: int) -> list[Row]:
    dice = random.Random(seed)
    accounts = [*KNOWN.holders, "stranger"]
    patients = ["P-HONEY", "P-OWN", *(f"P-{n}" for n in range(200))]
    return [
        event(
            n / 200 + dice.uniform(-2, 0), dice.choice(accounts), *dice.sample(patients, dice.randrange(3)),
            action=dice.choice(["read", "login", "logout"]), outcome=dice.choice(["success", "failure"]),
            workstation=dice.choice([None, "WS-EAST", "WS-WEST", "C"]), ip=dice.choice([None, "10.0.0.1", "10.0.0.9"]),
        )
        for n in range(count)
    ]  # fmt: skip


def test_the_same_events_give_the_same_alerts_however_they_are_cut() -> None:
    rows = chance(1, 4000)
    first, second = Live(Limits(), KNOWN), Live(Limits(), KNOWN)
    heard = NOON + 60 * MINUTE
    one_by_one = [alert for row in rows for alert in first.judge([row], heard_us=heard)]
    assert one_by_one == second.judge(rows, heard_us=heard)
    assert len({alert.detection for alert in one_by_one}) >= 7


def test_a_clock_that_runs_ahead_ends_nobody_elses_minutes() -> None:
    live = Live(Limits(), KNOWN)
    ahead = event(60 * 24 * 365, "nurse1", "P-1")
    (own,) = live.judge([ahead._replace(patients=("P-OWN",))], heard_us=NOON)
    assert own.at_us == NOON
    rows = [event(0, "nurse1", f"P-{n}") for n in range(29)]
    assert live.judge([ahead, *rows], heard_us=NOON)[0].detection == "batch"


def test_more_than_so_many_alerts_of_a_kind_in_a_minute_are_counted_and_not_said() -> None:
    live = Live(Limits(most_a_minute=3), KNOWN)
    rows = [event(0, f"u{n}", "P-HONEY") for n in range(10)]
    assert len(live.judge([*rows, event(0, "nurse1", "P-OWN")], heard_us=NOON)) == 4
    assert live.held_back == {LiveDetection.HONEY: 7}
    assert len(live.judge(rows, heard_us=NOON + MINUTE)) == 3  # those that were held back are not forgotten


def test_a_new_snapshot_counts_from_the_next_event() -> None:
    live = Live(Limits(), Known())
    assert said([event(0, "nurse1", "P-HONEY")], live=live) == []
    live.know(KNOWN)
    assert said([event(0, "nurse1", "P-HONEY")], live=live) == ["honey"]


def test_with_nothing_known_only_counts_are_judged() -> None:
    assert set(said(chance(2, 3000), known=Known())) <= {"batch", "brute_force", "password_spraying"}


def test_the_memory_is_bounded_whoever_sends_whatever() -> None:
    live = Live(Limits(), KNOWN)
    for n in range(0, KEYS + 2000, 1000):
        live.judge([failed(0, f"u{k}", ip=f"h{k}", workstation=f"w{k}") for k in range(n, n + 1000)], heard_us=NOON)
        live.judge([event(0, f"u{k}", "P-HONEY") for k in range(n, n + 1000)], heard_us=NOON + n * MINUTE)
    guessing = live._guessing
    assert max(map(len, (guessing.accounts, guessing.strangers, guessing.addresses, guessing.stations))) <= KEYS
    assert max(len(live._opened), len(live._said)) <= KEYS
    different = Different(10)
    assert max(different.add(str(n), NOON) for n in range(VALUES + 10)) == VALUES


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    recent: Recent[list[int]] = Recent(list, most=2)
    recent.of("a").append(1)
    recent.of("b").append(2)
    recent.of("a")
    recent.of("c")
    assert (recent.of("a"), recent.of("b")) == ([1], [])
    said_once = Said(60, most=2)
    assert [said_once.note((key,), 0) for key in "abcab"] == [True, True, True, True, True]


@pytest.mark.parametrize(
    ("named", "fault"),
    [
        ({"batch_patients": 0}, "out of range"),
        ({"batch_patients": 2.5}, "whole number"),
        ({"batch_patients": True}, "number"),
        ({"patients": 3}, "no such limit: patients"),
    ],
)
def test_limits_that_make_no_sense_are_refused(named: dict[str, float], fault: str) -> None:
    with pytest.raises(LimitError, match=fault):
        Limits.of(named)


def test_each_detection_is_described_with_limits_scenes_and_threats_that_exist() -> None:
    assert set(LIVE) == set(LiveDetection)
    for described in LIVE.values():
        assert set(described.limits) <= {name for name in Limits.__slots__}
        assert described.scenes and set(described.scenes) <= set(Scene.__members__)
        assert described.threats and set(described.threats) <= set(Threat.__members__)
