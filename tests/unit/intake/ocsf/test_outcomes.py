# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from tests.unit.intake.ocsf.events import event, written
from tests.unit.intake.reading import one, refused
from wardkeep.watch.intake import as_line

LOGON: dict[str, Any] = {"user": {"name": "u2"}, "status_id": None}


def ended(kind: int = 3002, activity: int = 1, **more: Any) -> str:
    return str(as_line(one(written(event(kind, activity, **(LOGON | more))), "o.json"))["outcome"])


@pytest.mark.parametrize("status_id", [None, 0, 99, 3])
@pytest.mark.parametrize(
    "word",
    ["Login failed", "Invalid password", "失败", "密码错误", "Logon Failure", "Timeout", "FAILURE", "INVALID_CREDENTIALS",
     "USER_DOES_NOT_EXIST", "ACCOUNT_DISABLED", "account_locked_out", "PASSWORD_EXPIRED"],
)  # fmt: skip
def test_a_failure_in_words_is_one_in_either_field(status_id: int | None, word: str) -> None:
    assert ended(status_id=status_id, status=word) == "failure"
    assert ended(status_id=status_id, status_detail=word) == "failure"


@pytest.mark.parametrize(
    "more, outcome",
    [
        ({"status": "Success"}, "success"),
        ({"status_id": 99, "status": "登录成功"}, "success"),
        ({"status_id": 0, "status": "Unknown"}, "success"),  # says nothing, as if it were not there
        ({"status_id": 0}, "success"),
        ({}, "success"),
        ({"status_detail": "LOGOFF_USER_INITIATED"}, "success"),
        ({"status_id": "Failure"}, "failure"),  # the word where the number is due
        ({"status": False}, "failure"),
        ({"status_id": 1, "status": "Failed"}, "failure"),  # a contradiction is no success
        ({"status_id": 2, "status": "Success"}, "failure"),
        ({"status_id": 2, "status_detail": "not denied"}, "failure"),
        ({"status_id": 2, "status_detail": "拒绝访问"}, "denied"),
        ({"status_id": 1, "status_detail": "MFA not required"}, "success"),  # a free text beside a success
        ({"status": "Success", "status_detail": "MFA not required"}, "success"),
        ({"status_id": 1, "status_detail": "invalid_credentials"}, "failure"),  # the schema's own word
        ({"status_code": "401"}, "denied"),
        ({"status_code": "0xC000006D"}, "failure"),
        ({"status_code": -1073741715}, "failure"),
        ({"status_code": "0x0"}, "success"),
        ({"status_code": 0, "status_id": 99}, "success"),
        ({"status_id": 1, "status_code": "50126"}, "success"),  # a code that nobody knows, beside what is known
        ({"status_id": 1, "http_response": {"code": 403}}, "denied"),
        ({"http_response": {"code": 500}}, "failure"),
        ({"http_response": {"code": 204}, "status_id": 99}, "success"),
        ({"api": {"response": {"error": "NoSuchKey"}}}, "failure"),
        ({"api": {"response": {"error": "0", "code": 200}}}, "success"),
        ({"api": {"response": {"error_message": "Access denied"}}}, "denied"),
        ({"status_id": 1, "disposition": "Blocked"}, "denied"),
        ({"status_id": 1, "disposition": "No Action", "action": "Allowed"}, "success"),
        ({"message": "An account failed to log on."}, "failure"),
        ({"message": "An account was successfully logged on."}, "success"),
    ],
)
def test_what_else_says_how_a_login_ended(more: dict[str, Any], outcome: str) -> None:
    assert ended(**more) == outcome


@pytest.mark.parametrize(
    "more",
    [{"status": "Grzyb"}, {"status_id": 99}, {"status_id": 99, "status": "Other"}, {"status_detail": "Grzyb"},
     {"status_code": "50126"}, {"status_id": 99, "status": "Grzyb", "http_response": {"code": 200}}, {"status_id": 3}],
)  # fmt: skip
def test_a_word_that_nobody_knows_sets_an_access_aside(more: dict[str, Any]) -> None:
    bad = refused(written(event(6003, 2, **(LOGON | more))), "o.json")
    assert bad.reason.startswith("unmapped-outcome: ") and "Grzyb" not in bad.reason
    # What is no access is kept: a finding's status is `New`, not an outcome.
    assert ended(2004, 1, **more) == "success"


@pytest.mark.parametrize(
    "activity, more, found",
    [
        (6, {"status_id": 2}, ("login", "failure")),  # what a Windows 4771 becomes
        (99, {"activity_name": "Failed Logon", "status_id": 2}, ("login", "failure")),
        (99, {"activity_name": "Failed Logon"}, ("login", "failure")),
        (0, {"activity_name": "Logon", "status_id": 1}, ("login", "success")),
        (99, {"type_name": "Authentication: Sign-in", "status_id": 1}, ("login", "success")),
        (99, {"activity_name": "登录失败"}, ("login", "failure")),
        (99, {"activity_name": "User logout", "status_id": 1}, ("logout", "success")),
        (99, {"activity_name": "Other", "type_name": "Authentication: Other", "status_id": 1}, None),
        (99, {"activity_name": "Catalogue in use", "status_id": 1}, None),
        (4, {"activity_name": "Service Ticket Request", "status_id": 2}, None),
    ],
)
def test_a_login_is_told_by_its_words_where_its_number_does_not(
    activity: int, more: dict[str, Any], found: tuple[str, str] | None
) -> None:
    said = as_line(one(written(event(3002, activity, **(LOGON | more))), "o.json"))
    assert ((said["action"], said["outcome"]) if said["kind"] == "access" else None) == found
