# SPDX-License-Identifier: Apache-2.0
"""A home is made where nothing is, and is one only when it is whole."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.conftest import NOON
from wardkeep.home import Home, NoHome, NoPassphrase
from wardkeep.jobs import install as installing
from wardkeep.jobs.install import HomeExists, console_url, install
from wardkeep.settings import Console, Keys, Settings


@pytest.mark.parametrize("there", ["config.toml", "notes.txt", "data/ledger/ledger.json"])
def test_a_folder_that_is_not_empty_is_refused_and_left_as_it_is(there: str, tmp_path: Path) -> None:
    file = tmp_path / there
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine")
    with pytest.raises(HomeExists):
        install(Home(tmp_path), Settings(), at=NOON)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [file]
    assert file.read_text() == "mine"


def test_an_init_that_broke_off_left_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(installing, "_make_ledger", breaks)
    home = Home(tmp_path / "home")
    with pytest.raises(OSError, match="No space"):
        install(home, Settings(), at=NOON)
    # Its folder is there, with keys in it; it is told from a home by the file that comes last.
    assert home.keys_folder.is_dir()
    assert not home.exists
    with pytest.raises(NoHome):
        _ = Home(home.path).settings
    with pytest.raises(HomeExists):
        install(Home(home.path), Settings(), at=NOON)


def test_nobody_but_the_owner_can_read_what_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "_make_rows", lambda *_: ("/welcome/x/", NOON))
    home = Home(tmp_path / "home")
    install(home, Settings(), at=NOON)
    loose = [p for p in (home.path, *home.path.rglob("*")) if p.stat().st_mode & 0o077]
    assert loose == []


def test_without_a_passphrase_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WARDKEEP_PASSPHRASE_FD", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NoPassphrase):
        install(Home(tmp_path / "home"), Settings(keys=Keys(provider="passphrase")), at=NOON)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("console", "port", "address"),
    [
        ({}, None, "http://127.0.0.1:8420"),
        ({}, 41000, "http://127.0.0.1:41000"),
        ({"bind": "0.0.0.0", "hosts": ("10.1.2.3",), "plain_http": True}, None, "http://10.1.2.3:8420"),
        ({"bind": "::1"}, None, "http://[::1]:8420"),
        ({"tls": True, "hosts": ("wardkeep.hospital.example",)}, None, "https://wardkeep.hospital.example"),
    ],
)
def test_the_address_is_the_one_that_people_type(console: dict[str, object], port: int | None, address: str) -> None:
    settings = dataclasses.replace(Settings(), console=dataclasses.replace(Console(), **console))
    assert console_url(settings, port) == address
