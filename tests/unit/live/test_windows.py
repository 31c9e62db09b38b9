# SPDX-License-Identifier: Apache-2.0
"""What is heard live of Windows' Security log, as its shipped mapping reads it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.live.heard import NOON, said
from wardkeep.watch.intake.delimited import DelimitedReader
from wardkeep.watch.intake.mapping import load_mapping, resolved
from wardkeep.watch.intake.row import Row

NAMES = [
    "TimeCreated",
    "EventID",
    "RecordId",
    "Computer",
    "SubjectUserName",
    "TargetUserName",
    "LogonType",
    "ServiceFileName",
]
AFTER = datetime.fromtimestamp(NOON / 1e6 + 3600, UTC).isoformat()


def rows(code: int, subject: str, target: str, kind: str = "", program: str = "") -> list[Row]:
    mapping = resolved(load_mapping("windows-security"), "UTC")
    reader = DelimitedReader(mapping, NAMES, len(NAMES), codec="utf-8", head=b"h\n", source="s.csv")
    found = reader.parse(",".join([AFTER, str(code), "7", "DC1", subject, target, kind, program]).encode() + b"\n", 2)
    return [one for one in found if isinstance(one, Row)]


@pytest.mark.parametrize("code", [4725, 4726, 4724, 4738, 4740])
def test_what_is_done_to_the_account_of_somebody_who_left_is_no_use_of_it(code: int) -> None:
    (row,) = rows(code, "nurse1", "left")
    assert row.account == "nurse1" and said([row]) == []
    assert rows(code, "", "left")[0].account is None


def test_a_sign_in_of_somebody_who_left_is_said_and_with_his_password_it_is_who_typed_it() -> None:
    assert said(rows(4624, "", "left", "2")) == ["leaver"]
    assert said(rows(4648, "left", "nurse1")) == ["leaver"]
    assert rows(4648, "nurse1", "left")[0].account == "nurse1"


@pytest.mark.parametrize(
    ("code", "kind", "account", "expected"),
    [
        (4624, "5", "left", ["leaver"]),
        (4624, "4", "left", ["leaver"]),
        (4634, "5", "left", []),  # it ends
        (4769, "", "left", []),
        (4624, "5", "nurse1", []),
    ],
)
def test_a_service_or_task_that_begins_under_the_account_of_somebody_who_left_is_said(
    code: int, kind: str, account: str, expected: list[str]
) -> None:
    (row,) = rows(code, "", account, kind)
    assert row.kind == "other" and said([row]) == expected


def test_a_program_for_remote_work_that_is_installed_as_a_service_is_said() -> None:
    assert said(rows(4697, "nurse1", "", "", "C:\\Program Files (x86)\\AnyDesk\\AnyDesk.exe --service")) == [
        "remote_tool"
    ]
