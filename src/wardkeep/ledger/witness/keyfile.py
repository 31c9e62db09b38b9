# SPDX-License-Identifier: Apache-2.0
"""A witness's private key in a file: PRIVATE+KEY+NAME+ID+base64, as Go's note package writes one, mode 600."""

from __future__ import annotations

import os
from pathlib import Path

from wardkeep.ledger.note import decode, write_vkey
from wardkeep.ledger.tiles import sync_folder

PRIVATE = "PRIVATE+KEY+"


def write_key(path: Path, name: str, kind: bytes, seed: bytes, key_id: bytes) -> None:
    """Write a key where none is, durably. Raises OSError."""
    told = write_vkey(name, kind, seed).split("+", 2)[2]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{PRIVATE}{name}+{key_id.hex()}+{told}\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def read_key(path: Path, kind: bytes) -> tuple[str, bytes, bytes]:
    """Name, id and seed. Raises FileNotFoundError, ValueError for what is no key of this kind."""
    text = path.read_bytes().decode()
    name, told, encoded = text.strip().removeprefix(PRIVATE).split("+", 2)
    seed = decode(encoded)
    if not text.startswith(PRIVATE) or seed[:1] != kind:
        raise ValueError
    return name, bytes.fromhex(told), seed[1:]
