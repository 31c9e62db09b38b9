# SPDX-License-Identifier: Apache-2.0
"""`wardkeep notices digest` and `wardkeep user contact`, as an operator with a scheduler of its own uses them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.program import Program
from tests.integration.notices.peers import Hook


@pytest.fixture
def hook() -> Iterator[Hook]:
    one = Hook()
    try:
        yield one
    finally:
        one.server.shutdown()
        one.server.server_close()


def configure(program: Program, **values: Any) -> None:
    """Write keys of [notices], as they stand in the file that `init` wrote."""
    config = program.home / "config.toml"
    text = config.read_text()
    for key, value in values.items():
        text, found = re.subn(rf"(?m)^{key} = .*$", f"{key} = {json.dumps(value)}", text, count=1)
        assert found == 1, key
    config.write_text(text)


def a_head(program: Program, name: str, *more: str) -> None:
    program.json("user", "create", name, "--role", "department_head", "--department", "card", *more)


def test_each_head_is_told_once_a_week_by_a_scheduler_of_the_hospital(program: Program, hook: Hook) -> None:
    configure(program, sms=hook.url, sms_to=["13800000001"], digest_on="never", address="https://w.example/")
    a_head(program, "wang", "--phone", "13900000009")
    (said,) = program.call("notices", "digest", "--json").lines
    assert (said["name"], said["department"], said["reached"]) == ("wang", "card", True)
    assert said["channels"] == [{"channel": "sms", "state": "sent", "problem": ""}]
    (again,) = program.call("notices", "digest", "--json").lines
    assert again == said
    assert [body["to"] for body, _, _ in hook.posted] == ["13900000009"]
    (listed,) = program.call("notices", "list", "--json").lines
    assert (listed["kind"], listed["system"]) == ("digest", "card")
    program.verify()


def test_a_head_whom_nothing_reaches_ends_it_with_status_1_and_the_mend_works(program: Program, hook: Hook) -> None:
    configure(program, sms=hook.url, sms_to=["13800000001"], address="https://w.example/")
    a_head(program, "wang")
    assert "no address" in program.call("notices", "digest", status=1).out
    check = {one["name"]: one for one in program.call("doctor", "--json").one["checks"]}["told"]
    assert check["warn"] is True and check["mend"].startswith("wardkeep user contact wang ")
    assert "no mail address" in program.call("user", "contact", "wang", "--mail", "wang", status=2).err
    program.json("user", "contact", "wang", "--phone", "13900000009")
    assert program.json("user", "contact", "wang") == {"name": "wang", "mail": "", "phone": "13900000009"}
    program.call("notices", "digest")
    assert "13900000009" in [body["to"] for body, _, _ in hook.posted]


def test_an_upgrade_ends_with_the_kinds_that_nobody_is_told_of(program: Program, hook: Hook) -> None:
    configure(program, webhook=hook.url, kinds=["cases", "alert", "silent", "ledger"])
    said = program.call("upgrade").out
    assert "nobody is told of: records, digest" in said and 'kinds = ["all"]' in said
