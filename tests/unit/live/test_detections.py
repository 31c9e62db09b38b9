# SPDX-License-Identifier: Apache-2.0
"""Each live detection at its limit, and what is only near to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.live.heard import KNOWN, MINUTE, NOON, event, failed, judged, said
from wardkeep.watch.intake.row import Row
from wardkeep.watch.live import Known, Limits, Live


def test_a_decoy_that_is_opened_is_said_with_account_and_patient() -> None:
    (alert,) = judged([event(0, "nurse1", "P-1", "P-HONEY", workstation="WS-1", event_id="e7", raw_sha256=b"x" * 32)])
    assert (alert.detection, alert.account, alert.person, alert.patient_id) == ("honey", "nurse1", "S1", "P-HONEY")
    assert (alert.at_us, alert.heard_us, alert.system, alert.workstation) == (NOON, NOON, "emr", "WS-1")
    assert (alert.event_id, alert.raw_sha256) == ("e7", b"x" * 32)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (event(0, "nurse1", "P-HONEY", outcome="denied"), ["honey"]),  # nobody has a reason to try either
        (event(0, None, "P-HONEY"), ["honey"]),
        (event(0, "stranger", "P-HONEY"), ["honey"]),
        (event(0, "ward3", "P-HONEY"), ["honey"]),
        (event(0, "his_app", "P-HONEY"), []),  # an interface that copies every patient copies decoys too
        (event(0, "nurse1", "P-HONEY2"), []),
        (event(0, "nurse1", "P-HONEY", kind="other"), []),  # no access: a message that a patient was admitted
        (event(0, "nurse1", "P-HONEY", action="logout"), []),
    ],
)
def test_a_decoy_is_for_whoever_touches_it(row: Row, expected: list[str]) -> None:
    assert said([row]) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (event(0, "nurse1", "P-OWN"), ["self_access"]),
        (event(0, "nurse1", "P-2", "P-OWN"), ["self_access"]),
        (event(0, "nurse1", "P-OLDER"), ["self_access"]),  # merged with the own number
        (event(0, "nurse2", "P-OLDER"), []),
        (event(0, "nurse1", "P-OWN", outcome="denied"), []),
        (event(0, "nurse2", "P-OWN"), []),  # somebody else's
        (event(0, None, "P-OWN"), []),
        (event(0, "nurse2"), []),  # holder without a number as a patient, event without a patient
    ],
)
def test_ones_own_record(row: Row, expected: list[str]) -> None:
    assert said([row]) == expected


def openings(count: int, *, every: float, account: str = "nurse2", **more: Any) -> list[Row]:
    return [event(n * every, account, f"P-{n}", **more) for n in range(count)]


def test_a_batch_is_as_many_different_patients_as_the_limit_within_ten_minutes() -> None:
    assert said(openings(30, every=0.3)) == ["batch"]
    assert said(openings(29, every=0.3)) == []
    assert said(openings(60, every=0.4)) == []  # 26 within any ten minutes
    assert said([event(n * 0.1, "nurse2", "P-1") for n in range(60)]) == []  # one patient
    assert said(openings(60, every=0.1, outcome="denied")) == []
    assert said(openings(60, every=0.1, account="his_app")) == []
    assert said([event(0, "stranger", *(f"P-{n}" for n in range(30)))]) == ["batch"]  # all in one event


def test_a_batch_says_what_it_was_held_against() -> None:
    (alert,) = judged(openings(30, every=0.1))
    assert alert.patient_id is None
    assert (alert.observed, alert.limits) == ({"batch_patients": 30}, {"batch_patients": 30, "batch_minutes": 10})


def test_where_peers_open_many_the_limit_is_theirs() -> None:
    known = Known(holders=KNOWN.holders, peers={"nurse": 20})
    assert said(openings(39, every=0.1), known=known) == []
    assert said(openings(40, every=0.1), known=known) == ["batch"]
    assert said(openings(40, every=0.1, account="root"), known=known) == ["batch"]  # another role


def test_patients_out_of_their_order_are_not_counted_beyond_the_window() -> None:
    late = [event(20, "nurse2", "P-A"), *(event(5, "nurse2", f"P-{n}") for n in range(40))]
    live = Live(Limits(), KNOWN)
    assert live.judge(late, heard_us=NOON + 20 * MINUTE) == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (event(0, "left"), ["leaver"]),  # from the first moment after the end
        (event(-0.1, "left"), []),
        (event(0, "left", action="login"), ["leaver"]),
        (event(0, "left", action="login", outcome="failure"), []),
        (event(0, "left", outcome="denied"), []),
        (event(0, "left", action="logout"), []),
        (event(-0.1, "new"), ["leaver"]),
        (event(0, "new"), []),
    ],
)
def test_an_account_is_used_while_it_is_enabled(row: Row, expected: list[str]) -> None:
    assert said([row]) == expected


def at(minute: float, station: str, account: str = "nurse2", **more: Any) -> Row:
    return event(minute, account, workstation=station, **more)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([at(0, "A"), at(2, "B"), at(4, "A")], ["shared_credential"]),
        ([at(0, "A"), at(2, "B"), at(10, "A")], []),  # a walk there and back
        ([at(0, "A"), at(9, "A"), at(10, "B"), at(12, "A")], ["shared_credential"]),  # the last use counts
        ([at(0, "A"), at(2, "B"), at(4, "C")], []),
        ([at(0, "A"), at(2, "B"), at(4, "B")], []),
        ([at(0, "A", "ward3"), at(1, "B", "ward3"), at(2, "A", "ward3")], []),  # meant for many
        ([at(0, "A"), at(2, "B", system="pacs"), at(4, "A")], []),  # one machine under two names
        ([at(0, "A"), at(2, "B", outcome="denied"), at(4, "A")], []),
        ([at(5, "B"), at(0, "A"), at(6, "B")], []),  # the middle one came late
        ([at(n, "ABC"[n % 3]) for n in range(6)], ["shared_credential"]),  # three people
        ([at(n / 2, "ABCDE"[n % 5]) for n in range(10)], ["shared_credential"]),
        ([at(n * 3, "ABC"[n % 3]) for n in range(4)], []),  # one round that ends where it began
        ([at(n * 4, "ABC"[n % 3]) for n in range(12)], []),  # and rounds that take their time
        ([at(n, "ABCDEFGH"[n]) for n in range(8)], []),
        ([at(n, ("PC1", "pc1", "PC1.hosp.local", "\\\\PC1", "HOSP\\PC1")[n % 5]) for n in range(10)], []),
        ([at(n, ("10.1.1.1", "::ffff:10.1.1.1")[n % 2]) for n in range(4)], []),
        ([at(0, "PC1.north.local"), at(1, "PC1.south.local"), at(2, "PC1.north.local")], ["shared_credential"]),
        ([at(0, "A"), at(1, "pc1"), at(2, "a.hosp.local")], ["shared_credential"]),
    ],
)
def test_a_credential_is_shared_where_two_workstations_take_turns(rows: list[Row], expected: list[str]) -> None:
    assert said(rows) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([event(0, "nurse2", site="east"), event(19, "nurse2", site="west")], ["impossible_travel"]),
        ([event(0, "nurse2", site="east"), event(20, "nurse2", site="west")], []),
        ([event(0, "nurse2", site="east"), event(5, "nurse2", site="remote")], []),
        ([event(0, "nurse2", site="east"), event(5, "nurse2"), event(6, "nurse2", site="east")], []),
        ([event(0, "ward3", site="east"), event(5, "ward3", site="west")], []),
        ([event(0, "nurse2", site="east"), event(5, "nurse1", site="west")], []),
        (
            [event(9, "nurse2", site="east"), event(5, "nurse2", site="west")],
            [],
        ),  # came late: which was first is unsure
        ([at(0, "WS-EAST"), at(1, "WS-WEST", system="pacs")], ["impossible_travel"]),  # where workstations stand
        ([at(0, "WS-EAST"), at(1, "WS-NOWHERE", system="pacs")], []),
        ([at(0, "ws-east"), at(1, "ws-west.hosp.local", system="pacs")], ["impossible_travel"]),
        ([event(0, "nurse2", site="East "), event(5, "nurse2", site="east")], []),
        (
            [event(0, "nurse2", site="Gate 3", kind="other", system="badge"), event(5, "nurse2", site="west")],
            [],
        ),  # a door
    ],
)
def test_nobody_is_at_two_sites_within_the_time_of_travel(rows: list[Row], expected: list[str]) -> None:
    assert said(rows) == expected


def test_ten_failed_sign_ins_of_one_account_are_brute_force() -> None:
    assert said([failed(n) for n in range(10)]) == ["brute_force"]
    assert said([failed(n) for n in range(9)]) == []
    assert said([failed(n * 1.2) for n in range(20)]) == []  # nine within ten minutes
    assert said([event(n * 0.1, action="login") for n in range(20)]) == []
    assert said([failed(n * 0.1, "nurse1" if n % 2 else "nurse2") for n in range(18)]) == []  # nine each
    assert said([failed(n * 0.1, "nobody-of-ours") for n in range(10)]) == ["brute_force"]


def test_many_accounts_that_fail_from_one_address_are_spraying() -> None:
    (alert,) = judged([failed(n * 0.5, f"u{n}") for n in range(15)])
    assert (alert.detection, alert.account, alert.ip) == ("password_spraying", "", "10.0.0.1")
    assert alert.observed == {"spray_accounts": 15}
    assert said([failed(n * 0.5, f"u{n}") for n in range(14)]) == []
    assert said([failed(n, f"u{n}") for n in range(30)]) == []  # eleven within ten minutes
    assert said([failed(n * 0.1, f"u{n}", ip=f"10.0.0.{n}") for n in range(30)]) == []
    assert said([failed(n * 0.1, f"u{n}", ip=None, workstation="WS-9") for n in range(15)]) == ["password_spraying"]
    assert said([failed(n * 0.1, f"u{n}", ip=None) for n in range(15)]) == []  # nobody says from where


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([at(0, "ADM-2", "root")], ["new_workstation"]),
        ([at(0, "ADM-1", "root")], []),
        ([event(0, "root", ip="10.0.0.9")], []),
        ([at(0, "renamed", "root", ip="10.0.0.9")], ["new_workstation"]),  # many sit behind one address
        ([at(0, "ADM-1", "root", ip="6.6.6.6")], ["new_workstation"]),  # a client tells its own name
        ([at(0, "ADM-1", "root", ip="10.0.0.77")], []),  # an address that was given out anew, in its network
        ([at(0, "adm-1.hosp.local", "root", ip="::ffff:10.0.0.9")], []),  # the same, however it is written
        ([at(0, "\\\\ADM-1", "root")], []),
        ([at(0, "10.0.0.9", "root")], []),
        ([at(0, "root2-pc", "root2"), event(60, "root2", ip="10.0.0.3")], ["new_workstation"]),
        (
            [event(0, "root2", ip="10.0.0.3"), at(60, "ADM-2", "root2", ip="10.0.0.3")],
            [],
        ),  # a system that tells its name too
        (
            [event(0, "root2", ip="10.0.0.3"), *(at(60 + n, f"ADM-{n}", "root2", ip="10.0.0.3") for n in range(2))],
            ["new_workstation"],  # and then another name
        ),
        ([at(0, "ADM-2", "root2"), at(60, "ADM-2", "root2", ip="10.0.0.3")], []),
        (
            [at(0, "ADM-2", "root2"), at(60, "ADM-2", "root2", ip="10.0.0.3"), at(90, "ADM-2", "root2", ip="6.6.6.6")],
            ["new_workstation"],
        ),
        ([event(0, "root", ip="10.0.0.8")], ["new_workstation"]),
        ([event(0, "root")], []),
        ([at(0, "ADM-2", "root", outcome="failure", action="login")], []),
        ([at(0, "ADM-2", "nurse2")], []),  # not privileged
        ([at(0, "ADM-2", "root2")], []),  # nothing known yet: the first place is taken as known
        ([at(0, "ADM-2", "root2"), at(60, "ADM-3", "root2")], ["new_workstation"]),
        ([at(0, "ADM-2", "root2"), at(60, "ADM-2", "root2")], []),
        ([at(0, "ADM-2", "root"), at(30, "ADM-3", "root")], ["new_workstation", "new_workstation"]),  # each place once
    ],
)
def test_a_privileged_account_comes_from_where_it_is_known(rows: list[Row], expected: list[str]) -> None:
    assert said(rows) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (event(-15, "maker"), []),  # clocks may differ
        (event(-15.1, "maker"), ["outside_ticket"]),
        (event(74.9, "maker"), []),
        (event(75, "maker"), ["outside_ticket"]),
        (event(75, "maker", action="login"), ["outside_ticket"]),
        (event(75, "maker", action="login", outcome="failure"), []),
        (event(75, "nurse2"), []),
    ],
)
def test_a_vendor_works_within_a_ticket(row: Row, expected: list[str]) -> None:
    assert said([row]) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"extra": {"protocol": "FTP"}}, ["plaintext_transfer"]),
        ({"extra": {"protocol": "sftp"}}, []),
        ({"extra": {"protocol": "tcp", "port": "23"}}, ["plaintext_transfer"]),
        ({"extra": {"port": 21}}, ["plaintext_transfer"]),
        ({"extra": {"protocol": "https", "port": 80}}, []),
        ({"extra": {"port": 8021}}, []),
        ({"extra": {"port": "21; x"}}, []),
        ({"resource": "ftp://10.0.0.5/export.csv"}, ["plaintext_transfer"]),
        ({"resource": "https://10.0.0.5/"}, []),
        ({"resource": "Patient/7", "extra": {"note": "ftp"}}, []),
        ({"extra": {"protocol": "telnet"}, "kind": "other"}, ["plaintext_transfer"]),  # a connection is no access
        ({"extra": {"protocol": ["ftp"]}}, []),
    ],
)
def test_what_says_that_it_went_in_the_clear(more: dict[str, Any], expected: list[str]) -> None:
    assert said([event(0, "nurse2", **more)]) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"extra": {"program": "C:\\Users\\x\\AnyDesk.exe"}}, ["remote_tool"]),
        ({"extra": {"process": '"C:\\Program Files\\ToDesk\\ToDesk.exe" --service'}}, ["remote_tool"]),
        ({"extra": {"process": "/usr/bin/anydesk"}}, ["remote_tool"]),
        ({"extra": {"program": "AnyDeskViewerOfOurs"}}, []),
        ({"extra": {"program": "his.exe"}}, []),
        ({"extra": {"note": "anydesk"}}, []),
        ({"resource": "anydesk.exe"}, ["remote_tool"]),
        ({"extra": {"program": "anydesk"}, "kind": "other"}, ["remote_tool"]),
    ],
)
def test_a_program_of_the_list(more: dict[str, Any], expected: list[str]) -> None:
    assert said([event(0, "nurse2", **more)]) == expected
