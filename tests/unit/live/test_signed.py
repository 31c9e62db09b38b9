# SPDX-License-Identifier: Apache-2.0
"""Who stands behind an account that is not one person's: named only where one person's session was open there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.live.heard import event, judged
from wardkeep.watch.intake.row import Row
from wardkeep.watch.live import Alert


def login(minute: float, account: str, **more: Any) -> Row:
    return event(minute, account, action="login", **{"system": "windows", **more})


def logout(minute: float, account: str, **more: Any) -> Row:
    return event(minute, account, action="logout", **{"system": "windows", **more})


def decoy(minute: float, **more: Any) -> Row:
    """The ward's shared account opens the decoy."""
    return event(minute, "ward3", "P-HONEY", **more)


def who(*rows: Row) -> tuple[str | None, Any, Any]:
    (alert,) = [one for one in judged(rows) if one.account == "ward3"]
    return alert.person, alert.observed["acting"], alert.observed.get("people")


HERE: dict[str, Any] = {"workstation": "WS-7"}
THERE: dict[str, Any] = {"workstation": "WS-8"}


@pytest.mark.parametrize("rows, wanted", [
    ([login(0, "nurse1", **HERE), decoy(5, **HERE)], ("S1", "named", "S1")),
    ([login(0, "nurse1", ip="10.1.1.1"), decoy(5, ip="10.1.1.1")], ("S1", "named", "S1")),
    ([decoy(5, **HERE)], (None, "unresolved", None)),
    ([login(0, "nurse1", **HERE), decoy(5)], (None, "unresolved", None)),          # from where is not said
    ([login(0, "nurse1", **THERE), decoy(5, **HERE)], (None, "unresolved", None)),
    ([login(0, "nurse1", **HERE), logout(4, "nurse1", **HERE), decoy(5, **HERE)], (None, "unresolved", None)),
    ([login(0, "nurse1", **HERE), logout(4, "nurse1"), decoy(5, **HERE)], (None, "unresolved", None)),
    # Signing out of another system ends nothing here.
    ([login(0, "nurse1", **HERE), logout(4, "nurse1", system="emr", **HERE), decoy(5, **HERE)], ("S1", "named", "S1")),
    ([login(0, "nurse1", **HERE), decoy(13 * 60, **HERE)], (None, "unresolved", None)),   # left open since yesterday
    ([login(0, "nurse1", outcome="failure", **HERE), decoy(5, **HERE)], (None, "unresolved", None)),
    ([login(0, "stranger", **HERE), decoy(5, **HERE)], (None, "unresolved", None)),
    ([login(0, "his_app", **HERE), decoy(5, **HERE)], (None, "unresolved", None)),        # a machine is nobody
    ([login(0, "nurse1", **HERE), login(2, "nurse2", system="emr", **HERE), decoy(5, **HERE)], (None, "several", "S2, S1")),
    # The next one at the same machine: for a while it may still have been the one before.
    ([login(0, "nurse1", **HERE), login(2, "nurse2", **HERE), decoy(5, **HERE)], (None, "several", "S2, S1")),
    ([login(0, "nurse1", **HERE), login(2, "nurse2", **HERE), decoy(13, **HERE)], ("S2", "named", "S2")),
    # Who has signed in elsewhere since is one who may have been it, and is not named.
    ([login(0, "nurse1", **HERE), login(2, "nurse1", **THERE), decoy(5, **HERE)], (None, "several", "S1")),
    # Two machines behind one address.
    ([login(0, "nurse1", ip="10.1.1.1", **HERE), decoy(5, ip="10.1.1.1", **THERE)], (None, "unresolved", None)),
    # A session that begins after it says nothing, but for what two clocks may differ.
    ([login(5.5, "nurse1", **HERE), decoy(5, **HERE)], ("S1", "named", "S1")),
    ([login(8, "nurse1", **HERE), decoy(5, **HERE)], (None, "unresolved", None)),
    # The address that a VPN gave out is where it comes from in the house.
    ([login(0, "nurse1", system="vpn", ip="8.8.8.8", extra={"assigned_ip": "10.8.0.3"}), decoy(5, ip="10.8.0.3")],
     ("S1", "named", "S1")),
    # A session is over when its source says so, whatever is heard of it later.
    ([login(0, "nurse1", duration_ms=300_000, **HERE), decoy(4, **HERE)], ("S1", "named", "S1")),
    ([login(0, "nurse1", duration_ms=300_000, **HERE), decoy(40, **HERE)], (None, "unresolved", None)),
    ([login(0, "nurse1", duration_ms=0, **HERE), decoy(1, **HERE)], (None, "unresolved", None)),
    # One machine, however each system writes it.
    ([login(0, "nurse1", workstation="ws-7.hospital.local"), decoy(5, **HERE)], ("S1", "named", "S1")),
    ([login(0, "nurse1", workstation="\\\\ws-7"), decoy(5, workstation="HOSPITAL\\WS-7")], ("S1", "named", "S1")),
    ([login(0, "nurse1", ip="::ffff:10.1.1.1"), decoy(5, ip="10.1.1.1")], ("S1", "named", "S1")),
    ([login(0, "nurse1", **HERE), logout(4, "nurse1", workstation="ws-7.hospital.local"), decoy(5, **HERE)],
     (None, "unresolved", None)),
    # Two machines of one short name: the other one is another, and the short name alone says not which.
    ([login(0, "nurse1", workstation="ws-7.north.local"), decoy(5, workstation="ws-7.south.local")],
     (None, "unresolved", None)),
    ([login(0, "nurse1", workstation="ws-7.north.local"), login(1, "nurse2", workstation="ws-7.south.local"),
      decoy(5, workstation="ws-7.north.local")], ("S1", "named", "S1")),
    ([login(0, "nurse1", workstation="ws-7.north.local"), login(1, "stranger", workstation="ws-7.south.local"),
      login(2, "nurse2", workstation="ws-7.south.local"), logout(3, "nurse2", workstation="ws-7.south.local"),
      decoy(5, **HERE)], (None, "several", "S1")),
    # A bastion's session opened that account on that server: who may have been it, for the account may work there anyway.
    ([login(0, "root", system="JumpServer", ip="10.2.2.2", extra={"target_account": "ward3", "server": "DB(10.9.9.9)"}),
      decoy(5, ip="10.9.9.9")], (None, "several", "S6")),
    ([login(0, "root", system="JumpServer", ip="10.2.2.2", extra={"target_account": "other", "server": "DB(10.9.9.9)"}),
      decoy(5, ip="10.9.9.9")], (None, "unresolved", None)),
    ([login(0, "root", system="JumpServer", ip="10.2.2.2", duration_ms=60_000,
            extra={"target_account": "ward3", "server": "DB(10.9.9.9)"}),
      decoy(5, ip="10.9.9.9")], (None, "unresolved", None)),
    # An address behind which two machines stand names nobody, where no machine is named; which ones are one is known.
    ([login(0, "nurse1", ip="10.1.1.1", **HERE), event(1, "nurse2", "P1", ip="::ffff:10.1.1.1", **THERE),
      decoy(5, ip="10.1.1.1")], (None, "several", "S1")),
    ([login(0, "nurse1", ip="10.1.1.1", **HERE), event(1, "nurse2", "P1", ip="10.1.1.1", **THERE),
      decoy(5, ip="10.1.1.1", **HERE)], ("S1", "named", "S1")),
    ([login(0, "nurse1", ip="10.1.1.1", **HERE), event(1, "nurse2", "P1", ip="10.1.1.1", workstation="ws-7.hospital.local"),
      event(2, "nurse2", "P1", ip="10.1.1.1", workstation="localhost"), decoy(5, ip="10.1.1.1")], ("S1", "named", "S1")),
    ([login(0, "nurse1", ip="10.1.1.1"), *(event(1, "nurse2", "P1", ip=f"10.1.1.{n}", workstation="DC1") for n in range(1, 6)),
      event(2, "nurse2", "P1", ip="10.1.1.1", **HERE), decoy(5, ip="10.1.1.1")], ("S1", "named", "S1")),  # a server
    ([event(-25 * 60, "nurse2", "P1", ip="10.1.1.1", **THERE), login(0, "nurse1", ip="10.1.1.1", **HERE),
      decoy(5, ip="10.1.1.1")], ("S1", "named", "S1")),                                    # a day ago
    ([event(0, "nurse2", "P1", ip="10.8.0.3", **THERE), event(0, "nurse2", "P1", ip="10.8.0.3", **HERE),
      login(0, "nurse1", system="vpn", ip="8.8.8.8", extra={"assigned_ip": "10.8.0.3"}), decoy(5, ip="10.8.0.3")],
     ("S1", "named", "S1")),                                                               # what a VPN gave out is one person's
])  # fmt: skip
def test_one_is_named_only_where_one_session_was_open_there(rows: list[Row], wanted: Any) -> None:
    assert who(*rows) == wanted


def test_the_evidence_names_the_sign_in() -> None:
    alerts: list[Alert] = judged([login(0, "nurse1", **HERE), decoy(5, **HERE)])
    assert alerts[0].observed["signed_in"] == "windows nurse1 300 s"


def test_a_persons_own_account_is_its_holders_whoever_is_signed_in_there() -> None:
    (alert,) = judged([login(0, "nurse1", **HERE), event(5, "nurse2", "P-HONEY", **HERE)])
    assert (alert.person, dict(alert.observed)) == ("S2", {})


def test_the_address_of_a_whole_house_is_bounded() -> None:
    from wardkeep.watch.live.signed import PEOPLE, Signed

    signed = Signed(12)
    for n in range(500):
        signed.signs_in(login(n / 60, f"u{n}", ip="10.0.0.1"), f"S{n}", login(n / 60, "u").time)
    found = signed.candidates(decoy(8.5, ip="10.0.0.1"), decoy(8.5).time)
    assert len(found) == PEOPLE and found[0].person == "S499"


def test_what_is_remembered_of_machines_and_addresses_is_bounded() -> None:
    from wardkeep.watch.live.gateways import MACHINES, OWN, Gateways

    known = Gateways()
    for n in range(100):
        known.note("10.0.0.1", f"ws{n}", n)
        known.note(f"10.0.1.{n}", "server", n)
    assert {len(one) for one in known._machines._states.values()} == {MACHINES, 1}
    assert max(len(one) for one in known._addresses._states.values()) == OWN + 1
    assert known.is_one("10.0.0.1", 0) and not known.is_one("10.0.1.1", 0) and not known.is_one(None, 0)
