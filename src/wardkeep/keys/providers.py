# SPDX-License-Identifier: Apache-2.0
"""Key providers: where the 32-byte root key comes from.

`file` keeps it in `root.key`, mode 600. `passphrase` keeps it wrapped under a key that scrypt (RFC 7914) makes of a
passphrase, which arrives through a descriptor or a systemd credential, never in argv or the environment.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from wardkeep.keys.errors import ProviderError

DESCRIPTION = "provider.json"
ROOT = "root.key"
PROVIDERS = ("file", "passphrase")
#: scrypt cost: 2^17 · 8 · 128 B = 128 MiB, under half a second.
COST = {"n": 1 << 17, "r": 8, "p": 1}


def save_root(folder: Path, root: bytes, *, provider: str, passphrase: bytes | None) -> None:
    """Keep `root` in a new `folder`. Raises ProviderError where one is already there or the provider is not known."""
    if provider not in PROVIDERS:
        raise ProviderError(f"key provider {provider!r} is not known", hint=f"use one of {', '.join(PROVIDERS)}")
    if (folder / DESCRIPTION).exists():
        raise ProviderError(f"{folder} already holds keys", hint="open it, or name another folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    description: dict[str, object] = {"version": 1, "provider": provider}
    if provider == "file":
        stored = root
    else:
        if not passphrase:
            raise ProviderError("the key provider `passphrase` was given no passphrase")
        salt, nonce = os.urandom(16), os.urandom(12)
        stored = nonce + AESGCM(_stretch(passphrase, salt, COST)).encrypt(nonce, root, ROOT.encode())
        description |= {"kdf": "scrypt", "salt": salt.hex(), **COST}
    write_private(folder / ROOT, stored)
    write_private(folder / DESCRIPTION, json.dumps(description, sort_keys=True).encode() + b"\n")


def load_root(folder: Path, *, passphrase: bytes | None) -> bytes:
    """The root key. Raises ProviderError naming what is missing or wrong."""
    try:
        description = json.loads((folder / DESCRIPTION).read_bytes())
        stored = (folder / ROOT).read_bytes()
    except FileNotFoundError as error:
        raise ProviderError(
            f"{error.filename} is missing", hint="restore the keys folder, or use recovery shares"
        ) from None
    except ValueError:
        raise ProviderError(f"{folder / DESCRIPTION} is not readable", hint="restore it from a backup") from None
    provider = description.get("provider")
    if provider == "file":
        root = stored
    elif provider == "passphrase":
        if not passphrase:
            raise ProviderError("the key provider `passphrase` was given no passphrase")
        cost = {name: int(description[name]) for name in COST}
        key = _stretch(passphrase, bytes.fromhex(description["salt"]), cost)
        try:
            root = AESGCM(key).decrypt(stored[:12], stored[12:], ROOT.encode())
        except InvalidTag:
            raise ProviderError("the passphrase is wrong, or root.key was changed") from None
    else:
        raise ProviderError(f"key provider {provider!r} is not known", hint=f"use one of {', '.join(PROVIDERS)}")
    if len(root) != 32:
        raise ProviderError(
            f"{folder / ROOT} holds {len(root)} bytes, not 32", hint="restore it, or use recovery shares"
        )
    return root


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, durable when this returns; it must not exist."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _stretch(passphrase: bytes, salt: bytes, cost: dict[str, int]) -> bytes:
    return Scrypt(salt=salt, length=32, **cost).derive(passphrase)
