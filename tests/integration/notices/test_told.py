# SPDX-License-Identifier: Apache-2.0
"""What `wardkeep doctor` says of notices: kinds that nobody is told of, heads of department whom nothing reaches."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rows import a_user

HOOK = "http://127.0.0.1:9/hook"
#: What `init` wrote into config.toml before there were signed records and weeks.
OLD = ("cases", "alert", "silent", "ledger")
MAIL = {"mail_server": "127.0.0.1:25", "mail_from": "w@h.example", "mail_to": ("zhou@h.example",)}


@pytest.fixture(autouse=True)
def _english(house: Any) -> Any:
    from django.utils import translation

    with translation.override("en"):
        yield


def the_check(home: Any) -> Any:
    from wardkeep.jobs.checks import CHECKS, WARNINGS

    assert "told" in WARNINGS  # it is said, and ends no command with a fault
    return CHECKS["told"](home)


def test_a_list_from_an_earlier_version_is_named_with_the_line_to_write(set_notices: Any) -> None:
    ok, detail, mend = the_check(set_notices(webhook=HOOK, kinds=OLD))
    assert not ok and detail == "nobody is told of: records, digest"
    assert '`kinds = ["all"]`' in mend and '`left_out = ["records", "digest"]`' in mend


def test_the_lines_that_it_names_are_taken_and_mend_it(set_notices: Any) -> None:
    from wardkeep.settings import parse_settings

    for lines in ({"kinds": ["all"]}, {"kinds": list(OLD), "left_out": ["records", "digest"]}):
        parsed = parse_settings({"notices": {"webhook": HOOK, **lines}}).notices
        ok, detail, _ = the_check(set_notices(webhook=HOOK, kinds=parsed.kinds, left_out=parsed.left_out))
        assert ok and detail == "webhook"


def test_where_no_channel_is_set_there_is_nothing_to_mend(set_notices: Any) -> None:
    ok, detail, _ = the_check(set_notices(kinds=OLD))
    assert ok and detail == "no channel is set: nobody is told of anything"


def test_a_head_whom_nothing_reaches_is_named_with_the_command_that_mends_it(set_notices: Any) -> None:
    from wardkeep.govern.identity.actions import set_contact
    from wardkeep.home import now

    head = a_user("wang", "department_head", department="A")
    home = set_notices(**MAIL, address="https://w.example/")
    ok, detail, mend = the_check(home)
    assert not ok and detail == "heads of department without an address: wang"
    assert mend == "wardkeep user contact wang --mail ADDRESS"
    set_contact(head, mail="wang@h.example", phone="", by="cli", at=now())
    assert the_check(home)[0]


def test_a_week_that_cannot_be_linked_to_is_said(set_notices: Any) -> None:
    a_user("wang", "department_head", department="A", mail="wang@h.example")
    ok, detail, _ = the_check(set_notices(**MAIL))
    assert not ok and detail == "a week's notice has no link to its page"


def test_a_head_of_a_department_that_no_table_has_is_named_with_or_without_a_channel(
    set_notices: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.jobs import digests
    from wardkeep.watch.cases.directory import Directory

    a_user("wang", "department_head", department="NOPE", mail="wang@h.example")
    known = Directory(by_account={}, by_staff={}, departments={}, people={}, listed=frozenset({"A"}))
    monkeypatch.setattr(digests, "directory", lambda: known)
    for values in ({}, {**MAIL, "address": "https://w.example/"}):
        ok, detail, mend = the_check(set_notices(**values))
        assert not ok and detail == "heads of a department that no table of the hospital has: wang (NOPE)"
        assert "another account" in mend


def test_who_makes_such_an_account_is_warned_at_once(set_notices: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from wardkeep.cli.user import _say_unknown_department
    from wardkeep.jobs import digests
    from wardkeep.watch.cases.directory import Directory

    known = Directory(by_account={}, by_staff={}, departments={}, people={}, listed=frozenset({"A"}))
    monkeypatch.setattr(digests, "directory", lambda: known)
    said: list[str] = []
    frame: Any = SimpleNamespace(say=said.append)
    for name, role, department in (
        ("wang", "department_head", "NOPE"), ("good", "department_head", "A"), ("other", "auditor", "NOPE"),
    ):  # fmt: skip
        _say_unknown_department(frame, a_user(name, role, department=department))
    assert said == ["no table of the hospital has the department NOPE: its page is empty until one has"]
