# SPDX-License-Identifier: Apache-2.0
"""How the first command finds a pip, and when it leaves an environment as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import debian_packages, environment


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout elsewhere, with locks and an environment that was made by nobody yet."""
    for name in ("run", "dev"):
        (tmp_path / f"{name}.txt").write_text(name)
    (tmp_path / "pyproject.toml").write_text("")
    folder = tmp_path / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "ENVIRONMENT", folder)
    monkeypatch.setattr(environment, "PYTHON", folder / "bin" / "python")
    monkeypatch.setattr(environment, "STAMP", folder / "made-from")
    monkeypatch.setattr(environment, "CACHE", tmp_path / ".cache")
    monkeypatch.setattr(environment, "LOCKS", {n: tmp_path / f"{n}.txt" for n in ("run", "dev")})
    return tmp_path


def made(place: Path, lock: str) -> None:
    environment.STAMP.write_text(environment.made_from(place / f"{lock}.txt"))


def test_an_environment_for_developers_serves_the_demo_too_and_not_the_reverse(place: Path) -> None:
    made(place, "dev")
    assert environment.is_made(place / "run.txt")
    made(place, "run")
    assert environment.is_made(place / "run.txt")
    assert not environment.is_made(place / "dev.txt")


def test_a_changed_lock_makes_the_environment_anew(place: Path) -> None:
    made(place, "run")
    (place / "run.txt").write_text("run, and one more")
    assert not environment.is_made(place / "run.txt")


def test_an_environment_that_was_moved_here_is_made_anew(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(place, "run")
    monkeypatch.setattr(environment, "ENVIRONMENT", place / "elsewhere" / ".venv")
    assert not environment.is_made(place / "run.txt")


def test_without_pip_and_without_apt_the_next_step_is_said(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.shutil, "which", lambda _: None)
    with pytest.raises(environment.Stop, match="python3-venv"):
        environment.fetch_pip_wheel()


def test_a_wheel_that_was_fetched_before_is_used_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = place / ".cache/python3-pip-whl/usr/share/python-wheels/pip-23.0.1-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    wheel.touch()
    monkeypatch.setattr(environment.shutil, "which", lambda _: None)
    assert environment.fetch_pip_wheel() == wheel


def test_another_file_than_a_lock_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert environment.main(["requirements.txt"]) == 2
    assert "requirements/run.txt" in capsys.readouterr().err


def test_without_root_the_skipped_tests_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needs = (debian_packages.Need("postgresql", ("/nonexistent",), "the tests of rows on PostgreSQL"),)
    monkeypatch.delenv("SKIP_DEBIAN", raising=False)
    monkeypatch.setattr(debian_packages, "NEEDS", needs)
    monkeypatch.setattr(debian_packages, "authority", lambda: None)
    assert debian_packages.main() == 0
    assert "without postgresql: the tests of rows on PostgreSQL" in capsys.readouterr().err
