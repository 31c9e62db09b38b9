# SPDX-License-Identifier: Apache-2.0
"""Which detections look at which systems, and why one does not look: told from what one found."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.unit.live.heard import KNOWN, NOON, event, failed
from wardkeep.watch.intake.row import Row
from wardkeep.watch.live import Holder, Known, Lack, Limits, Live, LiveDetection, counted, looking
from wardkeep.watch.live.looking import NEEDED

D = LiveDetection


ROOTS = dataclasses.replace(KNOWN, privileged=KNOWN.privileged | {"sa"})


def systems(*rows: Row, known: Known = ROOTS) -> dict[LiveDetection, tuple[str, ...]]:
    live = Live(Limits(), known)
    live.judge(rows, heard_us=NOON)
    return {one.detection: one.systems for one in looking(counted(known), live.says) if one.systems}


def test_every_detection_says_what_it_needs() -> None:
    assert list(NEEDED) == list(LiveDetection)
    assert {one.lack for one in looking(counted(KNOWN), {})} == {Lack.EVENTS}


@pytest.mark.parametrize("row, wanted", [
    (event(0, "nurse1", "P-1"), {D.HONEY, D.SELF_ACCESS, D.BATCH, D.LEAVER}),
    (event(0, "stranger", "P-1"), {D.HONEY, D.SELF_ACCESS, D.BATCH}),           # an account that no table names
    (event(0, "nurse1", workstation="WS-1"), {D.LEAVER, D.SHARED}),
    (event(0, "nurse1", workstation="WS-EAST"), {D.LEAVER, D.SHARED, D.TRAVEL}),  # a workstation of which the site is known
    (event(0, "ward3", workstation="WS-EAST"), {D.LEAVER}),                      # an account of many is in no two places
    (event(0, "root", ip="10.0.0.9"), {D.LEAVER, D.NEW_PLACE}),
    (event(0, "sa", ip="10.0.0.9"), {D.NEW_PLACE}),                              # privileged, and in no table
    (event(0, "root"), {D.LEAVER}),                                              # from where is not said
    (event(0, "maker"), {D.LEAVER, D.MAINTENANCE}),
    (failed(0), {D.BRUTE_FORCE, D.SPRAYING}),
    (failed(0, ip=None), {D.BRUTE_FORCE}),
    (event(0, None, extra={"protocol": "https"}), {D.PLAINTEXT}),
    (event(0, None, resource="ftp://x/y"), {D.PLAINTEXT}),
    (event(0, None, extra={"program": "notepad.exe"}), {D.REMOTE_TOOL}),
    (event(0, None, extra={"description": "nothing of it"}, resource="Encounter"), set()),
    (event(0, "nurse1", action="logout"), set()),
])  # fmt: skip
def test_a_system_serves_those_that_its_events_let_look(row: Row, wanted: set[LiveDetection]) -> None:
    assert systems(row) == dict.fromkeys(sorted(wanted, key=list(D).index), ("emr",))


def test_systems_are_told_apart() -> None:
    found = systems(event(0, "nurse1", "P-1"), event(0, "nurse2", system="vpn", workstation="WS-1"))
    assert (found[D.HONEY], found[D.LEAVER], found[D.SHARED]) == (("emr",), ("emr", "vpn"), ("vpn",))


@pytest.mark.parametrize("detection, lack, without", [
    (D.HONEY, Lack.DECOYS, {"honey": frozenset()}),
    (D.SELF_ACCESS, Lack.OWN_NUMBERS, {"holders": {"nurse2": Holder(person="S2")}}),
    (D.LEAVER, Lack.ENDS, {"holders": {"nurse2": Holder(person="S2")}}),
    (D.SHARED, Lack.PEOPLE, {"holders": {"app": Holder(kind="service")}}),
    (D.TRAVEL, Lack.PEOPLE, {"holders": {}}),
    (D.NEW_PLACE, Lack.PRIVILEGED, {"privileged": frozenset()}),
    (D.MAINTENANCE, Lack.VENDORS, {"holders": {"nurse2": Holder(person="S2", role="nurse")}}),
    (D.PLAINTEXT, Lack.PROTOCOLS, {"plain_protocols": frozenset(), "plain_ports": frozenset()}),
    (D.REMOTE_TOOL, Lack.TOOLS, {"remote_tools": frozenset()}),
])  # fmt: skip
def test_what_the_hospital_did_not_hand_over_is_named_whatever_comes(
    detection: LiveDetection, lack: Lack, without: dict[str, Any]
) -> None:
    known = dataclasses.replace(KNOWN, **without)
    found = {one.detection: one for one in looking(counted(known), {"emr": 1023})}
    assert (found[detection].lack, found[detection].systems) == (lack, ())
    assert found[D.BATCH].systems == ("emr",)
