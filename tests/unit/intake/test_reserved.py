# SPDX-License-Identifier: Apache-2.0
"""No source passes for Wardkeep's own openings: the pages of intake and of silences leave those out."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.unit.intake.atna.messages import audit
from tests.unit.intake.reading import one, refused
from wardkeep.watch.intake import BadMapping
from wardkeep.watch.intake.mapping import Mapping, parse_mapping
from wardkeep.watch.intake.proposing.propose import propose

HL7 = "MSH|^~\\&|{}|H|WK|H|20260302081500+0800||ADT^A01^ADT_A01|M1|P|2.5\rEVN|A01|20260302081500\rPID|1||P1^^^H\rPV1|1|I|W1\r"


def delimited(system: str) -> bytes:
    return f"time,account,action,outcome,system\n2026-03-02T08:00:00+08:00,u1,read,success,{system}\n".encode()


def fhir(system: str) -> bytes:
    event = {
        "resourceType": "AuditEvent", "type": {"code": "rest"}, "action": "R", "recorded": "2026-03-02T08:00:00+08:00",
        "outcome": "0", "agent": [{"requestor": True, "altId": "u1"}], "source": {"observer": {"display": system}},
    }  # fmt: skip
    return json.dumps(event).encode() + b"\n"


def hl7(system: str) -> bytes:
    return HL7.format(system).encode()


def atna(system: str) -> bytes:
    return audit(source=system).encode()


def ocsf(system: str) -> bytes:
    event = {
        "class_uid": 3002, "activity_id": 1, "time": 1772409600000, "status_id": 1, "user": {"name": "u1"},
        "metadata": {"version": "1.1.0", "product": {"name": system}},
    }  # fmt: skip
    return json.dumps(event).encode() + b"\n"


SOURCES = [
    pytest.param(delimited, "events.csv", id="hospital folder"),
    pytest.param(fhir, "audit.ndjson", id="FHIR"),
    pytest.param(hl7, "m.hl7", id="HL7"),
    pytest.param(atna, "m.xml", id="ATNA"),
    pytest.param(ocsf, "o.json", id="OCSF"),
]


@pytest.mark.parametrize("make, name", SOURCES)
@pytest.mark.parametrize("system", ["wardkeep", "Wardkeep", "WARDKEEP"])
def test_a_record_whose_system_has_our_name_is_set_aside_whole(
    make: Callable[[str], bytes], name: str, system: str
) -> None:
    piece = refused(make(system), name)
    assert piece.reason.startswith("reserved-system: ")
    assert system.encode() in piece.raw


@pytest.mark.parametrize("make, name", SOURCES)
@pytest.mark.parametrize("system", ["wardkeeper", "emr"])
def test_a_name_like_it_is_none(make: Callable[[str], bytes], name: str, system: str) -> None:
    assert one(make(system), name).system == system


def mapped(line: str) -> Mapping:
    return parse_mapping(
        f'name = "m"\n{line}\n[columns]\ntime = "time"\n[constants]\naction = "read"\noutcome = "success"\n', "m"
    )


def test_a_mapping_names_no_system_so() -> None:
    assert mapped('system = "emr"').system == "emr"
    with pytest.raises(BadMapping, match="system is 'Wardkeep', as what is opened in Wardkeep itself"):
        mapped('system = "Wardkeep"')
    text = 'name = "m"\n[columns]\ntime = "time"\n[constants]\naction = "read"\nsystem = "wardkeep"\n'
    with pytest.raises(BadMapping, match=r"constants\.system is 'wardkeep'"):
        parse_mapping(text, "m")


def test_a_log_in_a_file_of_our_name_is_proposed_under_another() -> None:
    text = "time,user,patient\n2026-03-02 08:00:00,u1,P1\n2026-03-02 08:05:00,u2,P2\n"
    found = propose(text.encode(), "Wardkeep-20260302.csv", "Asia/Shanghai")
    assert parse_mapping(found.toml, "m").system == "log"
