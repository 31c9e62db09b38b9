# SPDX-License-Identifier: Apache-2.0
"""`wardkeep keys`: a root key that is lost comes back out of recovery shares, and nothing else does it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.acceptance.commands import wardkeep


@pytest.fixture
def shares(made: Path, tmp_path: Path) -> list[Path]:
    """A new set of shares of the home."""
    said = wardkeep("keys", "shares", "--home", made, "--to", tmp_path / "shares", "--json").said
    return [Path(path) for path in said["shares"]]


def test_two_shares_bring_a_lost_root_key_back(made: Path, shares: list[Path]) -> None:
    (made / "keys" / "root.key").unlink()
    assert "root.key is missing" in wardkeep("ledger", "verify", "--home", made, status=3).err
    said = wardkeep("keys", "recover", shares[2], shares[0], "--home", made, "--json").said
    assert said["sealed"] is True
    assert [Path(path).name.partition(".lost-")[0] for path in said["moved"]] == ["provider.json"]
    assert wardkeep("ledger", "verify", "--home", made, "--json").said["ok"] is True
    assert stat.S_IMODE((made / "keys" / "root.key").stat().st_mode) == 0o600


def test_a_damaged_root_key_is_moved_aside_and_kept(made: Path, shares: list[Path]) -> None:
    (made / "keys" / "root.key").write_bytes(b"half a key")
    said = wardkeep("keys", "recover", *shares[:2], "--home", made, "--json").said
    (moved,) = [Path(path) for path in said["moved"] if "root.key" in path]
    assert moved.read_bytes() == b"half a key"
    wardkeep("doctor", "--home", made)


def test_keys_that_open_are_left_alone(made: Path, shares: list[Path]) -> None:
    before = (made / "keys" / "root.key").read_bytes()
    assert "open as they are" in wardkeep("keys", "recover", *shares[:2], "--home", made, status=2).err
    assert (made / "keys" / "root.key").read_bytes() == before


def test_one_share_or_shares_of_another_home_change_nothing(made: Path, shares: list[Path], tmp_path: Path) -> None:
    other = tmp_path / "other"
    wardkeep("init", "--home", other, "--timezone", "Asia/Shanghai", "--shares", tmp_path / "theirs")
    key = made / "keys" / "root.key"
    kept = key.rename(tmp_path / "root.key")
    assert "2 needed" in wardkeep("keys", "recover", shares[0], "--home", made, status=2).err
    theirs = sorted((tmp_path / "theirs").iterdir())
    assert "of other keys" in wardkeep("keys", "recover", *theirs[:2], "--home", made, status=2).err
    assert "two shares" in wardkeep("keys", "recover", "--home", made, status=2).err
    assert not key.exists()
    kept.rename(key)
    wardkeep("doctor", "--home", made)


def test_shares_are_written_for_their_owner_and_not_shown(made: Path, tmp_path: Path) -> None:
    done = wardkeep("keys", "shares", "--home", made, "--to", tmp_path / "new")
    files = sorted((tmp_path / "new").iterdir())
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 3
    assert not any(file.read_text().strip() in done.out + done.err for file in files)
    assert "not empty" in wardkeep("keys", "shares", "--home", made, "--to", tmp_path / "new", status=2).err
