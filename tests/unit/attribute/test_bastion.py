# SPDX-License-Identifier: Apache-2.0
"""A bastion says who was on which server under which account: what that account does from there meanwhile is a trace."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.attribute.trails import trails, ward
from tests.unit.explain.world import MINUTE, World, at

SERVER = "HISDB01(10.9.9.9)"


def bastion() -> tuple[World, dict[str, dict[str, str]]]:
    """A ward, and what sources will say beyond the columns."""
    return ward(), {}


def led(w: World, details: dict[str, dict[str, str]], account: str, begin: str, minutes: int, **more: str) -> str:
    """A session on the bastion that opens the application's account on the database's server."""
    name = w.event(
        account, None, at(0, begin), "login", system="JumpServer", ip=f"10.1.1.{len(details) + 1}",
        duration_ms=minutes * 60_000, name=f"led-{account}-{len(details)}",
    )  # fmt: skip
    details[name] = {"target_account": "HIS_APP", "server": SERVER, **more}
    return name


def use(w: World, clock: str, name: str = "use", account: str = "HIS_APP", day: int = 0, **more: Any) -> None:
    w.event(account, None, at(day, clock), "query", name=name, **{"system": "DBA", "ip": "10.9.9.9", **more})


def test_one_pull_through_the_bastion_is_whose_session_opened_that_account_on_that_server() -> None:
    w, details = bastion()
    name = led(w, details, "dan", "02:10", 30)
    use(w, "02:23")
    found = trails(w, details)
    assert found.named("use") == "DAN"
    assert found.evidence["use", "DAN"] == {("session", name)}


@pytest.mark.parametrize("more", [{"ip": None, "workstation": "hisdb01.hospital.local"}, {"ip": "::ffff:10.9.9.9"}])
def test_the_server_is_met_by_its_name_and_by_its_address(more: dict[str, Any]) -> None:
    w, details = bastion()
    led(w, details, "dan", "02:10", 30)
    use(w, "02:23", **more)
    assert trails(w, details).named("use") == "DAN"


def test_where_the_account_works_from_that_server_anyway_the_person_is_shown_and_not_named() -> None:
    w, details = bastion()
    led(w, details, "dan", "02:10", 30)
    w.add("shifts", staff_id="DAN", department="SUR", start_us=at(0, "00:00"), end_us=at(0, "08:00"))
    w.event("dan", None, at(0, "01:00"), "login", system="badge", resource="main door", site="main")
    use(w, "02:23", site="main")
    for day, clock in enumerate(("09:00", "11:00", "15:00")):
        use(w, clock, name=f"usual{day}", day=day)
    found = trails(w, details)
    assert found.state("use") == "traced"
    assert 0 < found.claims["use"]["DAN"] < w.thresholds.attribute_confidence
    assert found.state("usual0") == found.state("usual1") == "nothing"


def test_two_on_that_server_under_that_account_are_both_listed_and_neither_named() -> None:
    w, details = bastion()
    led(w, details, "dan", "02:10", 30)
    led(w, details, "ann", "02:15", 30)
    use(w, "02:23")
    found = trails(w, details)
    assert found.state("use") == "several"
    assert found.claims["use"].keys() == {"DAN", "ANN"}


@pytest.mark.parametrize("more, clock, account", [
    ({}, "02:50", "HIS_APP"),                   # the session is over
    ({}, "02:09", "HIS_APP"),                   # and has not begun
    ({}, "02:23", "med"),                       # another account
    ({"ip": "10.9.9.8"}, "02:23", "HIS_APP"),   # another server
])  # fmt: skip
def test_another_time_account_or_server_is_no_trace(more: dict[str, Any], clock: str, account: str) -> None:
    w, details = bastion()
    led(w, details, "dan", "02:10", 30)
    use(w, clock, account=account, **more)
    assert trails(w, details).state("use") == "nothing"


def test_a_use_at_that_server_from_where_the_account_is_used_in_no_other_way_shows_the_person() -> None:
    """The bastion stands between: the database sees the bastion's own address."""
    w, details = bastion()
    led(w, details, "dan", "02:10", 30)
    use(w, "02:23", ip="10.10.250.8")
    use(w, "02:24", name="desk", ip="10.1.2.3")
    use(w, "12:00", name="desk-at-noon", ip="10.1.2.3")
    details |= {name: {"server": "10.9.9.9:1521"} for name in ("use", "desk", "desk-at-noon")}
    found = trails(w, details)
    assert found.state("use") == "traced"
    assert found.claims["use"].keys() == {"DAN"}
    assert found.state("desk") == found.state("desk-at-noon") == "nothing"


def test_the_stated_end_of_a_session_closes_it() -> None:
    w, details = bastion()
    led(w, details, "dan", "08:00", 5)
    for name, clock in (("within", "08:03"), ("after", "08:40")):
        w.event("med", "P1", at(0, clock), name=name, ip="10.1.1.1")
    found = trails(w, details)
    assert found.claims["within"].keys() == {"DAN"}
    assert found.state("after") == "nothing"


def test_a_session_that_ended_as_it_began_is_over() -> None:
    w = ward()
    w.event("dan", None, at(0, "08:00"), "login", system="JumpServer", ip="10.1.1.1", duration_ms=0)
    w.event("med", "P1", at(0, "08:00", plus=20 * MINUTE), name="use", ip="10.1.1.1")
    assert trails(w).state("use") == "nothing"
