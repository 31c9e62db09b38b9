# SPDX-License-Identifier: Apache-2.0
"""Audit messages of a foreign system, in both dialects: each field beside what a person reads in the sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.shared import SHARED, needs_shared
from wardkeep.watch.event import AccessEvent
from wardkeep.watch.intake import as_line, read_events

pytestmark = needs_shared

FOLDER = SHARED / "samples" / "logs" / "atna"
#: file -> time, format.
SAMPLES = {
    "login_ihe_dicom": ("2013-10-17T21:12:04.287000+00:00", "atna-dicom"),
    "login_ihe_rfc3881": ("2010-12-17T21:12:04.287000+00:00", "atna-rfc3881"),
}
MARK = b"\xef\xbb\xbf"


def line(path: Path) -> dict[str, Any]:
    found = list(read_events(path, zone="Asia/Shanghai"))
    assert len(found) == 1 and isinstance(found[0], AccessEvent), found
    return as_line(found[0])


def test_every_sample_is_expected() -> None:
    assert {f"{name}.syslog" for name in SAMPLES} == {f.name for f in FOLDER.glob("*.syslog")}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_login_is_read_as_a_person_reads_it(name: str) -> None:
    time, form = SAMPLES[name]
    said = line(FOLDER / f"{name}.syslog")
    assert (said["time"], said["time_quality"]) == (time, "offset")
    # Two participants asked: the application, named by its address, and the person.
    assert said["account"] == "farley.granger@wb.com"
    assert (said["action"], said["kind"], said["outcome"]) == ("login", "access", "success")
    assert (said["action_code"], said["subtype"], said["description"]) == ("E", "110122", "UserAuthenticated")
    assert (said["patients"], said["patient_id"], said["resource"], said["query"]) == ([], None, None, None)
    # NetworkAccessPointTypeCode 1 says that this is a machine's name, although it is an address.
    assert (said["workstation"], said["client"], said["ip"]) == ("125.20.175.12",) * 3
    assert (said["system"], said["source_system"], said["site"]) == (*("farley.granger@wb.com",) * 2, "End User")
    assert said["format"] == form
    assert said["actors"] == [
        {"id": "fe80::5999:d1ef:63de:a8bb%11", "alt": None, "name": None, "role": "110150", "requestor": True,
         "address": "125.20.175.12"},
        {"id": "farley.granger@wb.com", "alt": None, "name": None, "role": None, "requestor": True},
    ]  # fmt: skip
    assert said["source"] == {"file": f"{name}.syslog", "position": "1"}
    assert said["event_id"] is None and "server" not in said and "objects" not in said


@pytest.mark.parametrize("name", SAMPLES)
def test_however_it_is_carried_it_says_the_same(name: str, tmp_path: Path) -> None:
    """With a byte order mark, counted, in a line, twice in a file, or as plain XML."""
    whole = (FOLDER / f"{name}.syslog").read_bytes().rstrip(b"\n")
    before, after = whole.split(b" - <?xml", 1)
    expected = line(FOLDER / f"{name}.syslog")
    marked = before + b" - " + MARK + b"<?xml" + after
    structured = before + b' [a@1 b="\\"]"][c] ' + MARK + b"<?xml" + after
    flat = b"".join(part.strip() + b" " for part in whole.splitlines())
    legacy = b"<85>Oct 17 15:12:04 cabig-h1 OHT[521]: <?xml" + after
    for data in (marked, structured, flat, legacy, b"%d %b" % (len(whole), whole), b"<?xml" + after):
        path = tmp_path / "carried.log"
        for times in (1, 3):
            path.write_bytes(b"\n".join([data] * times))
            found = list(read_events(path, zone="Asia/Shanghai"))
            assert len(found) == times
            for one in found:
                assert isinstance(one, AccessEvent), one
                assert {**as_line(one), "source": None} == {**expected, "source": None}
