# SPDX-License-Identifier: Apache-2.0
"""OCSF events of three classes: each field beside what a person reads in the sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.shared import SHARED, needs_shared
from wardkeep.watch.event import AccessEvent
from wardkeep.watch.intake import as_line, read_events

pytestmark = needs_shared

FOLDER = SHARED / "samples" / "logs" / "ocsf"
SAMPLES = {"own_account_change", "own_api_activity", "own_authentication"}
#: What all three do not say.
ABSENT = {"patient_id": None, "purpose": None, "breakglass": False, "site": None, "query": None, "duration_s": None,
          "workstation": None, "event_id": None, "count": 1}  # fmt: skip


def line(path: Path) -> dict[str, Any]:
    found = list(read_events(path, zone="Asia/Shanghai"))
    assert len(found) == 1 and isinstance(found[0], AccessEvent), found
    said = as_line(found[0])
    assert (said["format"], said["time_quality"]) == ("ocsf", "offset")
    assert said["source"] == {"file": path.name, "position": "1"}
    return said


def test_every_sample_is_expected() -> None:
    assert {f.stem for f in FOLDER.glob("*.json")} == SAMPLES


def test_an_account_is_enabled() -> None:
    said = line(FOLDER / "own_account_change.json")
    assert said["time"] == "2024-03-05T15:15:00.123000+00:00"  # milliseconds
    assert (said["account"], said["action"], said["kind"], said["outcome"]) == ("admin", "update", "access", "success")
    assert (said["resource"], said["system"], said["patients"]) == ("Account", "DemoSSO", [])
    assert said["actors"] == [{"id": "1", "alt": None, "name": "admin", "role": None, "requestor": True}]
    assert said["objects"] == [{"id": "2207", "name": "temp07", "type": "User"}]
    assert (said["subtype"], said["activity"], said["version"]) == ("300102", "Enable", "1.3.0")
    assert (said["ip"], said["session_id"]) == (None, None)
    assert {key: said[key] for key in ABSENT} == ABSENT


def test_a_patient_is_read_by_api() -> None:
    said = line(FOLDER / "own_api_activity.json")
    assert said["time"] == "2024-03-05T15:18:12+00:00"
    assert (said["account"], said["action"], said["kind"], said["outcome"]) == ("d.wang", "read", "access", "success")
    assert (said["patients"], said["patient_id"], said["resource"]) == (["88"], "88", "Patient")
    assert (said["system"], said["ip"], said["session_id"]) == ("DemoEHR", "10.1.2.3", "s-1")
    assert said["actors"] == [{"id": "1007", "alt": None, "name": "d.wang", "role": "User", "requestor": True}]
    assert said["objects"] == [{"id": "88", "type": "Patient"}]
    assert (said["operation"], said["server"], said["client"]) == ("GET /Patient/88", "fhir", "10.1.2.3")
    assert (said["subtype"], said["activity"], said["version"]) == ("600302", "Read", "1.1.0")
    assert {key: said[key] for key in ABSENT if key != "patient_id"} == {
        k: v for k, v in ABSENT.items() if k != "patient_id"
    }


def test_a_login_fails() -> None:
    said = line(FOLDER / "own_authentication.json")
    assert said["time"] == "2024-03-05T15:16:40+00:00"  # seconds, against the schema
    assert (said["account"], said["action"], said["kind"], said["outcome"]) == ("d.wang", "login", "access", "failure")
    assert (said["system"], said["ip"], said["patients"], said["resource"]) == ("DemoSSO", "10.1.2.3", [], None)
    assert said["actors"] == [{"id": "1007", "alt": None, "name": "d.wang", "role": None, "requestor": True}]
    assert (said["subtype"], said["activity"], said["version"]) == ("300201", "Logon", "1.1.0")
    assert {key: said[key] for key in ABSENT} == ABSENT


def test_however_it_is_carried_it_says_the_same(tmp_path: Path) -> None:
    """All three in lines, in a list, after each other, with a byte order mark."""
    import json

    names = sorted(SAMPLES)
    expected = [{**line(FOLDER / f"{name}.json"), "source": None} for name in names]
    whole = [(FOLDER / f"{name}.json").read_bytes() for name in names]
    flat = [json.dumps(json.loads(one)).encode() for one in whole]
    for data in (
        b"\n".join(flat),
        b"[" + b",".join(flat) + b"]",
        b"[\n" + b",\n".join(whole) + b"]\n",
        b"".join(whole),
    ):
        for mark in (b"", b"\xef\xbb\xbf"):
            path = tmp_path / "carried.log"
            path.write_bytes(mark + data)
            found = list(read_events(path, zone="Asia/Shanghai"))
            assert [{**as_line(e), "source": None} for e in found if isinstance(e, AccessEvent)] == expected
