# SPDX-License-Identifier: Apache-2.0
"""The passphrase comes on a descriptor or as a credential, and several processes can read the same descriptor."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wardkeep.home import NoPassphrase, handed_passphrase


@pytest.fixture(autouse=True)
def _nothing_handed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WARDKEEP_PASSPHRASE_FD", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


def test_a_descriptor_is_read_from_its_beginning_each_time_and_is_not_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = os.memfd_create("passphrase")
    os.write(memory, "芝麻开门 sesame\n".encode())
    monkeypatch.setenv("WARDKEEP_PASSPHRASE_FD", str(memory))
    try:
        assert [handed_passphrase() for _ in range(3)] == ["芝麻开门 sesame".encode()] * 3
        # The supervisor's processes share the descriptor's place: none may move it under another that reads.
        os.lseek(memory, 3, os.SEEK_SET)
        assert handed_passphrase() == "芝麻开门 sesame".encode()
    finally:
        os.close(memory)


def test_a_pipe_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"sesame\r\n")
    os.close(writing)
    monkeypatch.setenv("WARDKEEP_PASSPHRASE_FD", str(reading))
    try:
        assert handed_passphrase() == b"sesame"
    finally:
        os.close(reading)


def test_a_systemd_credential_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wardkeep.passphrase").write_bytes(b"sesame\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert handed_passphrase() == b"sesame"


def test_without_either_it_says_how_to_hand_one_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(NoPassphrase) as caught:
        handed_passphrase()
    assert "WARDKEEP_PASSPHRASE_FD" in caught.value.hint
