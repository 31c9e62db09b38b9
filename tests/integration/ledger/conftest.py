# SPDX-License-Identifier: Apache-2.0
"""Ledgers to write into and to damage."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.ledger import Ledger, act_leaf

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "hospital.example/ledger"
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def clock() -> datetime:
    return NOON


def event(number: int) -> bytes:
    """An event leaf that nobody has to explain."""
    return b"\x01" + hashlib.sha256(number.to_bytes(8, "big")).digest()


def act(number: int) -> bytes:
    return act_leaf({"act": "case:outcome:set", "seq": number, "facts": {"outcome": "x" * (number % 90)}})


def connect(folder: Path, **more: object) -> Ledger:
    """For writing: a test that means to be refused says for how long it waits; the others bear a busy machine."""
    return Ledger.connect(folder, **{"signer": SIGNER, "clock": clock, "wait": 30.0} | more)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty ledger."""
    Ledger.create(tmp_path / "ledger", origin=ORIGIN, signer=SIGNER, at=NOON)
    return tmp_path / "ledger"


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """700 entries, both kinds, from two producers, published often, part of them settled: never to be changed."""
    folder = tmp_path_factory.mktemp("filled") / "ledger"
    Ledger.create(folder, origin=ORIGIN, signer=SIGNER, at=NOON)
    with connect(folder) as ledger:
        at, seq = 1, 0
        for seq, count in enumerate((100, 40, 1, 230, 5, 90, 110, 60)):
            ledger.append("intake:hospital", seq, [event(at + i) for i in range(count)])
            ledger.append("life-1", seq, [act(seq * 100 + i) for i in range(8)])
            at += count + 8
            ledger.publish()
            if seq == 3:
                ledger._road._writer.log.settle()  # type: ignore[attr-defined]
    return folder


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Path], Path]:
    """A copy of a ledger that may be changed."""

    def copy(folder: Path) -> Path:
        return Path(shutil.copytree(folder, tmp_path / "copy"))

    return copy
