# SPDX-License-Identifier: Apache-2.0
"""One machine is one place however each system writes it; two machines of one short name are not one."""

from __future__ import annotations

import pytest

from tests.unit.attribute.trails import same_clocks, session, trails, ward
from tests.unit.explain.world import World, at
from tests.unit.intake.reading import read
from wardkeep.watch.event import AccessEvent
from wardkeep.watch.intake.mapping import load_mapping
from wardkeep.watch.places import Machine, Machines, address, is_own, machine, server


@pytest.mark.parametrize("written, wanted", [
    ("ws1", ("ws1", "")), ("WS1", ("ws1", "")), ("\\\\WS1", ("ws1", "")), (" ws1 ", ("ws1", "")), ("ＷＳ１", ("ws1", "")),
    ("HOSP\\WS1", ("ws1", "hosp")), ("ws1.hospital.local", ("ws1", "hospital.local")),
    ("WS1.Hospital.Local.", ("ws1", "hospital.local")), ("\\\\ws1.hospital.local", ("ws1", "hospital.local")),
    ("内科护士站-1", ("内科护士站-1", "")), ("10.1.1.1", ("10.1.1.1", "")), ("::ffff:10.1.1.1", ("10.1.1.1", "")),
    (".", (".", "")), ("\\", ("\\", "")), ("", ("", "")),
])  # fmt: skip
def test_a_machine_is_compared_by_its_short_name_and_its_domain(written: str, wanted: tuple[str, str]) -> None:
    assert machine(written) == Machine(*wanted)


@pytest.mark.parametrize("written, wanted", [
    ("10.1.1.1", "10.1.1.1"), ("::ffff:10.1.1.1", "10.1.1.1"), ("::FFFF:0A01:0101", "10.1.1.1"), (" 10.1.1.1 ", "10.1.1.1"),
    ("2001:DB8:0:0::1", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1"), ("fe80::1%eth0", "fe80::1"),
    ("LOCAL", "local"), ("10.1.1.300", "10.1.1.300"), ("", ""),
])  # fmt: skip
def test_an_address_is_compared_in_one_form(written: str, wanted: str) -> None:
    assert address(written) == wanted


@pytest.mark.parametrize("written, wanted", [
    ("HISDB01(10.9.9.9)", ("HISDB01", "10.9.9.9")), ("HISDB01（10.9.9.9）", ("HISDB01", "10.9.9.9")),
    ("10.9.9.9:1521", ("10.9.9.9",)), ("HISDB01:1521/orcl", ("HISDB01",)), ("HISDB01", ("HISDB01",)),
    ("::ffff:10.9.9.9", ("::ffff:10.9.9.9",)), ("(10.9.9.9)", ("10.9.9.9",)), ("", ()),
])  # fmt: skip
def test_a_server_has_every_name_and_address_that_is_written_of_it(written: str, wanted: tuple[str, ...]) -> None:
    assert server(written) == wanted


def test_names_of_one_machine_have_one_key() -> None:
    machines = Machines(["ws1", "WS1.hospital.local", "HOSPITAL\\ws1", "ws2"])
    assert {machines.key(one) for one in ("ws1", "WS1.hospital.local", "HOSPITAL\\ws1")} == {("ws1", None)}
    assert machines.key("ws2") == ("ws2", None)


def test_of_two_machines_with_one_short_name_each_has_its_own_key_and_the_short_name_says_not_which() -> None:
    machines = Machines(["ws1", "ws1.a.local", "WS1.b.local", "A\\ws1"])
    assert machines.key("ws1.a.local") == machines.key("A\\ws1") == ("ws1.a.local", "ws1")
    assert machines.key("WS1.b.local") == ("ws1.b.local", "ws1")
    assert machines.key("ws1") == ("ws1", "ws1")


@pytest.mark.parametrize("signed, used", [
    ({"workstation": "WS1"}, {"workstation": "ws1"}),
    ({"workstation": "ws1.hospital.local"}, {"workstation": "ws1"}),
    ({"workstation": "ws1"}, {"workstation": "\\\\WS1.hospital.local"}),
    ({"workstation": "HOSPITAL\\WS1"}, {"workstation": "ws1.hospital.local"}),
    ({"workstation": None, "ip": "::ffff:10.0.0.1"}, {"ip": "10.0.0.1"}),
    ({"workstation": "WS1", "ip": "10.0.0.1"}, {"workstation": "ws1.hospital.local", "ip": "::ffff:10.0.0.1"}),
])  # fmt: skip
def test_a_use_meets_the_session_at_its_machine_whatever_the_two_systems_call_it(
    signed: dict[str, str | None], used: dict[str, str]
) -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), **{"ip": None, **signed})
    w.event("med", "P1", at(0, "12:00"), name="use", **used)
    assert trails(w).named("use") == "ANN"


def test_who_signs_in_again_under_another_spelling_of_the_place_has_not_moved() -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), ip=None)
    session(w, "ann", at(0, "09:00"), None, ip=None, workstation="WS1.hospital.local", system="his2")
    w.event("med", "P1", at(0, "12:00"), name="use", workstation="ws1")
    assert trails(w).named("use") == "ANN"


def test_the_next_one_takes_the_place_over_under_another_spelling() -> None:
    w = ward()
    same_clocks(w, "ad", "emr")
    session(w, "ann", at(0, "08:00"), None, ip=None)
    session(w, "ben", at(0, "10:00"), at(0, "12:00"), ip=None, workstation="WS1.hospital.local")
    w.event("med", "P1", at(0, "11:00"), name="use", workstation="ws1")
    found = trails(w)
    assert found.claims["use"].keys() == {"BEN"}


def test_machines_of_two_domains_are_two_and_the_short_name_names_nobody() -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), ip=None, workstation="ws1.north.local")
    session(w, "ben", at(0, "06:00"), at(0, "07:00"), ip=None, workstation="ws1.south.local")
    for name, place in (("own", "WS1.north.local"), ("other", "ws1.south.local"), ("either", "ws1")):
        w.event("med", "P1", at(0, "12:00"), name=name, workstation=place)
    found = trails(w)
    assert [found.named(name) for name in ("own", "other", "either")] == ["ANN", None, None]
    assert found.state("other") == "nothing"
    assert found.claims["either"].keys() == {"ANN"}  # shown, for it may have been there


def test_an_address_tells_which_of_two_machines_the_short_name_means() -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), ip="10.0.0.1", workstation="ws1.north.local")
    session(w, "ben", at(0, "08:00"), at(0, "16:00"), ip="10.0.0.2", workstation="ws1.south.local")
    w.event("med", "P1", at(0, "12:00"), name="use", workstation="ws1", ip="10.0.0.1")
    found = trails(w)
    assert found.claims["use"]["ANN"] > found.claims["use"]["BEN"]


def test_what_is_shown_and_kept_stays_as_it_was_written() -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), ip=None, workstation="WS1")
    w.event("med", "P1", at(0, "12:00"), name="use", workstation="ws1.hospital.local")
    found = trails(w)
    written = {
        name for (name,) in found.engine.rows("SELECT DISTINCT workstation FROM events WHERE workstation IS NOT NULL")
    }
    assert written == {"WS1", "ws1.hospital.local"}


@pytest.mark.parametrize(
    "written",
    [
        "127.0.0.1",
        "::1",
        "127.1.2.3",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "localhost",
        "LOCALHOST",
        "local machine",
        "unknown",
        "WORKSTATION",
    ],
)
def test_what_only_says_this_machine_is_no_place_that_two_logs_share(written: str) -> None:
    assert is_own(written)
    w = ward()
    same_clocks(w)
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), workstation="PC77", ip=written)
    w.event("HIS_APP", "P1", at(0, "12:00"), name="use", workstation=written, ip=written, system="db")
    assert trails(w).state("use") == "nothing"


@pytest.mark.parametrize("kind, station, named", [
    ("2", "DBSRV", "ANN"), ("2", "-", "ANN"), ("10", "DBSRV", "ANN"),             # she is at the server, or has its desktop
    ("3", "DBSRV", None), ("3", "-", None), ("8", "dbsrv.hospital.local", None),  # she opened a share on it
])  # fmt: skip
def test_who_opens_a_share_on_a_server_is_not_taken_for_the_account_that_runs_there(
    kind: str, station: str, named: str | None
) -> None:
    text = f"""TimeCreated,EventID,Computer,TargetUserName,LogonType,WorkstationName,IpAddress
2026-03-02T08:00:00Z,4624,DBSRV.hospital.local,ann,{kind},{station},127.0.0.1
"""
    (row,) = read(text.encode(), "security.csv", mapping=load_mapping("windows-security"))
    assert isinstance(row, AccessEvent)
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), system="Windows", workstation=row.workstation, ip=row.ip)
    w.event("HIS_APP", "P1", at(0, "12:00"), name="use", workstation="DBSRV", ip="10.9.9.9", system="his")
    assert trails(w).named("use") == named


@pytest.mark.parametrize("written", ["10.0.0.1", "ws1", "localhost2", "", "::2"])
def test_every_other_machine_is_one(written: str) -> None:
    assert not is_own(written)


def seen(w: World, account: str, moment: int, **where: str | None) -> None:
    """Somebody at work: what the log of an application says of a machine and its address."""
    w.event(account, "P1", moment, system="emr", **where)


GATE = "172.17.0.1"


@pytest.mark.parametrize("others, named", [
    ([("wsA", GATE)], "ANN"),                                           # the same machine
    ([("WSA.hospital.local", f"::ffff:{GATE}")], "ANN"),                # and by another name
    ([("localhost", GATE), (GATE, GATE), (None, GATE)], "ANN"),         # says of no other one
    ([("wsZ", "172.17.0.2")], "ANN"),                                   # elsewhere
    ([("DC1", GATE), *(("DC1", f"10.0.0.{n}") for n in range(4))], "ANN"),  # a server that tells of others
    ([("wsZ", GATE)], None),
    ([("wsZ.hospital.local", f"::ffff:{GATE}")], None),
    ([("wsA.north.local", GATE), ("wsA.south.local", GATE)], None),
])  # fmt: skip
def test_an_address_behind_which_two_machines_stand_names_nobody(
    others: list[tuple[str | None, str]], named: str | None
) -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), workstation="wsA", ip=GATE)
    for n, (workstation, ip) in enumerate(others):
        seen(w, "ben", at(0, "11:00") + n * 1_000_000, workstation=workstation, ip=ip)
    w.event("med", "P1", at(0, "12:00"), name="use", ip=GATE)
    found = trails(w)
    assert found.named("use") == named
    assert found.claims["use"].keys() == {"ANN"}  # shown, for she may have been it


def test_behind_such_an_address_a_machine_that_is_named_still_tells_who() -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), workstation="wsA", ip=GATE)
    session(w, "ben", at(0, "08:00"), at(0, "16:00"), workstation="wsZ", ip=GATE)
    w.event("med", "P1", at(0, "12:00"), name="named", workstation="wsA", ip=GATE)
    w.event("med", "P1", at(0, "12:00"), name="bare", ip=GATE)
    found = trails(w)
    assert (found.named("named"), found.state("bare")) == ("ANN", "traced")


@pytest.mark.parametrize("day, named", [(-1, None), (0, None), (-2, "ANN"), (1, "ANN")])
def test_machines_count_that_stood_there_on_the_day_or_the_one_before(day: int, named: str | None) -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), workstation="wsA", ip=GATE)
    for workstation in ("wsY", "wsZ"):
        seen(w, "ben", at(day, "11:00"), workstation=workstation, ip=GATE)
    w.event("med", "P1", at(0, "12:00"), name="use", ip=GATE)
    assert trails(w).named("use") == named


def test_an_address_that_a_vpn_gives_out_is_one_persons_whoever_had_it_before() -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), workstation=None, ip="9.9.9.9", system="vpn")
    signed = w.events[-2]["name"]
    for workstation in ("laptop1", "laptop2"):
        seen(w, "ben", at(0, "06:00"), workstation=workstation, ip="10.8.0.3")
    w.event("med", "P1", at(0, "12:00"), name="use", ip="10.8.0.3")
    assert trails(w, {signed: {"assigned_ip": "10.8.0.3"}}).named("use") == "ANN"
