# SPDX-License-Identifier: Apache-2.0
"""The frame of every command: language, output, and what a failure's exit status says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wardkeep.cli import COMMANDS, main
from wardkeep.cli.frame import Frame, language_of_environment, leave, report
from wardkeep.django import configure_language
from wardkeep.home import Home


@pytest.fixture(autouse=True)
def _english() -> None:
    configure_language("en")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "", "LC_ALL": "zh_TW"}, "zh"),
    ],
)
def test_the_language_of_the_environment(environment: dict[str, str], language: str) -> None:
    assert language_of_environment(environment) == language


class Refusal(Exception):
    exit_status = 1
    hint = "look again"


@pytest.mark.parametrize(
    ("error", "status"),
    [(Refusal("no"), 1), (FileNotFoundError(2, "No such file", "/x"), 3), (KeyError("P-0001"), 3)],
)
def test_an_error_ends_with_its_status(error: Exception, status: int) -> None:
    def fails() -> None:
        raise error

    with pytest.raises(SystemExit) as caught:
        leave(fails)
    assert caught.value.code == status


def test_a_fault_of_ours_is_named_without_the_values_it_carries(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise KeyError("P-0001")
    except KeyError as exc:
        report(exc)
    assert "KeyError" in (said := capsys.readouterr().err)
    assert "P-0001" not in said


def test_json_is_one_line_in_the_letters_it_was_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = Frame(Home(tmp_path), as_json=True, lang="zh")
    frame.out({"name": "李雷\n", "ok": True})
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "李雷" in out
    assert json.loads(out) == {"name": "李雷\n", "ok": True}


def test_every_command_is_listed_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in COMMANDS)


def test_an_unknown_command_is_an_unusable_call() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["abolish"])
    assert caught.value.code == 2
