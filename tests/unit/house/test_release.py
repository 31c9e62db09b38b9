# SPDX-License-Identifier: Apache-2.0
"""What is released says the same everywhere: version, changelog, locks, licence."""

from __future__ import annotations

import hashlib
import re
import tomllib
from importlib.metadata import version

from tests.unit.house.files import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def lock(which: str) -> str:
    return (ROOT / "requirements" / f"{which}.txt").read_text(encoding="utf-8")


def plain(requirement: str) -> str:
    return re.split(r"[\[<>=~! ;]", requirement)[0].lower().replace("_", "-")


def test_the_newest_entry_of_the_changelog_is_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, flags=re.MULTILINE)
    assert released[:1] == [PROJECT["project"]["version"]]


def test_the_installed_program_says_the_same_version() -> None:
    assert version("wardkeep") == PROJECT["project"]["version"]


def test_every_dependency_is_locked() -> None:
    groups = PROJECT["dependency-groups"]
    postgres = PROJECT["project"]["optional-dependencies"]["postgres"]
    run = {*map(plain, PROJECT["project"]["dependencies"] + postgres + groups["build"])}
    dev = run | {*map(plain, groups["lint"] + groups["test"])}
    assert run - {name for name, _ in PIN.findall(lock("run"))} == set()
    assert dev - {name for name, _ in PIN.findall(lock("dev"))} == set()


def test_what_developers_test_with_is_what_hospitals_run() -> None:
    assert set(PIN.findall(lock("run"))) - set(PIN.findall(lock("dev"))) == set()


def test_every_locked_file_has_a_hash_and_no_lock_names_an_index() -> None:
    for which in ("run", "dev"):
        text = lock(which)
        blocks = re.split(r"^(?=[A-Za-z0-9._-]+==)", text, flags=re.MULTILINE)[1:]
        assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
        assert re.findall(r"^--(?:extra-)?index-url|^--find-links|https?://", text, flags=re.MULTILINE) == []


def test_the_licence_is_the_apache_licence_word_for_word() -> None:
    words = (ROOT / "LICENSE").read_bytes()
    assert hashlib.sha256(words).hexdigest() == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
