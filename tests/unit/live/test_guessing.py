# SPDX-License-Identifier: Apache-2.0
"""Failed sign-ins are counted by when they were, whose they were and whence they came, however that is heard and written."""

from __future__ import annotations

import random

from tests.unit.live.heard import KNOWN, MINUTE, NOON, failed, judged, said
from wardkeep.watch.intake.row import Row
from wardkeep.watch.live import Limits, Live
from wardkeep.watch.live.memory import Times


def heard_at(rows: list[Row], minute: float, **limits: int) -> list[str]:
    """What is said of rows that were all heard at one moment, after they happened."""
    found = Live(Limits(**limits), KNOWN).judge(rows, heard_us=NOON + round(minute * MINUTE))
    return [alert.detection.value for alert in found]


def test_one_that_comes_late_ends_no_count() -> None:
    nine = [failed(100 + n / 10) for n in range(9)]
    assert heard_at([*nine, failed(0), failed(102)], 103) == ["brute_force"]
    assert heard_at([*nine, *(failed(n) for n in range(0, 60, 12))], 103) == []


def test_ten_that_come_late_among_fresh_ones_are_counted_by_when_they_were() -> None:
    late, fresh = [failed(n / 10) for n in range(10)], [failed(100 + 15 * n) for n in range(10)]
    mixed = [row for pair in zip(late, fresh, strict=True) for row in pair]
    assert heard_at(mixed, 300) == ["brute_force"]
    assert heard_at([row for row in mixed if row is not late[0]], 300) == []


def test_within_a_window_is_told_as_by_counting_every_window() -> None:
    for seed in range(300):
        dice, heard, times = random.Random(seed), [], Times(4, 10)
        for _ in range(14):  # no more than are kept
            heard.append(round(dice.uniform(0, 60) * MINUTE))
            full = any(sum(begin <= at <= begin + 10 * MINUTE for at in heard) >= 4 for begin in heard)
            assert times.add(heard[-1]) == full
            if full:
                break


def test_the_times_of_one_account_are_bounded() -> None:
    times = Times(10, 10)
    assert not any(times.add(n * 2 * MINUTE) for n in range(1000))
    assert len(times._times) == 10 * Times.KEPT


def test_spellings_of_an_account_that_no_table_names_are_one_count() -> None:
    ways = ["root9", "ROOT9", "Root9 ", "ｒｏｏｔ９"]
    assert said([failed(n / 10, ways[n % 4]) for n in range(10)]) == ["brute_force"]
    domains = ["root9", "HOSP\\root9", "root9@hosp.cn", "OTHER\\Root9"]
    assert said([failed(n / 10, domains[n % 4]) for n in range(10)]) == ["brute_force"]  # tried from one place


def test_accounts_of_one_name_on_ten_machines_are_not_one() -> None:
    kiosks = [failed(n / 10, f"PC{n}\\kiosk", ip=f"10.0.1.{n}") for n in range(10)]
    assert said(kiosks) == []
    assert said([failed(n / 10, ("kiosk", "KIOSK2")[n % 2]) for n in range(18)]) == []


def test_spellings_of_one_account_are_no_spraying() -> None:
    word = "administrator"
    ways = [word[:n] + word[n:].upper() for n in range(9)]
    assert said([failed(n, way) for n, way in enumerate(ways)], spray_accounts=2) == []


def test_spraying_is_counted_where_half_tell_the_address_and_half_the_workstation() -> None:
    half = [failed(n / 10, f"u{n}", ip="10.0.0.1" if n % 2 else None, workstation="EVIL") for n in range(15)]
    (alert,) = judged(half)
    assert (alert.detection, alert.workstation, alert.observed["spray_accounts"]) == ("password_spraying", "EVIL", 15)
    ways = ["EVIL", "evil", "EVIL.hosp.local", "\\\\EVIL"]
    assert said([failed(n / 10, f"u{n}", ip=None, workstation=ways[n % 4]) for n in range(15)]) == ["password_spraying"]
    assert said([failed(n / 10, f"u{n}", ip=("10.0.0.1", "::ffff:10.0.0.1")[n % 2]) for n in range(15)]) == [
        "password_spraying"
    ]


def test_a_servers_name_that_stands_in_each_failure_is_no_place() -> None:
    monday = [failed(n / 10, f"u{n}", ip=f"10.0.1.{n}", workstation="VPN-GATE") for n in range(40)]
    assert said(monday) == []
