# SPDX-License-Identifier: Apache-2.0
"""Key providers: where the 32-byte root key comes from.

`file` keeps it in `root.key`, mode 600. `passphrase` keeps it wrapped under a key that scrypt (RFC 7914) makes of a
passphrase, which arrives through a descriptor or a systemd credential, never in argv or the environment.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from wardkeep.keys.errors import ProviderError
from wardkeep.keys.sealed import sync_folder

DESCRIPTION = "provider.json"
ROOT = "root.key"
PROVIDERS = ("file", "passphrase")
#: scrypt cost: 2^17 · 8 · 128 B = 128 MiB, under half a second.
COST = {"n": 1 << 17, "r": 8, "p": 1}
#: What a description may ask for at most, so that an edited one cannot exhaust the machine: 1 GiB.
MOST = {"n": 1 << 20, "r": 8, "p": 4}


def save_root(folder: Path, root: bytes, *, provider: str, passphrase: bytes | None) -> None:
    """Keep `root` in a new `folder`. Raises ProviderError where one is already there or the provider is not known."""
    if provider not in PROVIDERS:
        raise ProviderError(f"key provider {provider!r} is not known", hint=f"use one of {', '.join(PROVIDERS)}")
    for name in (DESCRIPTION, ROOT):
        if (folder / name).exists():
            raise ProviderError(
                f"{folder / name} is already there", hint="open these keys, name another folder, or move it away"
            )
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
    except OSError as error:
        raise ProviderError(f"cannot read {error.filename}: {error.strerror}") from None
    except ValueError:
        raise _unreadable(folder) from None
    provider = description.get("provider") if isinstance(description, dict) else None
    if provider == "file":
        _refuse_open(folder / ROOT)
        root = stored
    elif provider == "passphrase":
        root = _unwrap(folder, stored, description, passphrase)
    else:
        raise ProviderError(f"key provider {provider!r} is not known", hint=f"use one of {', '.join(PROVIDERS)}")
    if len(root) != 32:
        raise ProviderError(
            f"{folder / ROOT} holds {len(root)} bytes, not 32", hint="restore it, or use recovery shares"
        )
    return root


def write_private(path: Path, content: bytes) -> None:
    """Make a file that only its owner can read: whole and durable when this returns. Raises FileExistsError.

    It appears at once with all its content (a hard link), so that nobody ever reads half a key.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(draft)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS) or path.exists():
                raise
            draft.replace(path)  # a file system without hard links
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    sync_folder(path.parent)


def _refuse_open(path: Path) -> None:
    """A bare root key that others can read is no secret: fails closed, as ssh does."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ProviderError(f"{path} can be read by others (mode {mode:o})", hint=f"chmod 600 {path}")


def _unwrap(folder: Path, stored: bytes, description: dict[str, object], passphrase: bytes | None) -> bytes:
    if not passphrase:
        raise ProviderError("the key provider `passphrase` was given no passphrase")
    try:
        cost = {name: int(str(description[name])) for name in COST}
        salt = bytes.fromhex(str(description["salt"]))
        if any(not 0 < cost[name] <= most for name, most in MOST.items()):
            raise ValueError
        key = _stretch(passphrase, salt, cost)
    except (KeyError, ValueError):
        raise _unreadable(folder) from None
    try:
        return AESGCM(key).decrypt(stored[:12], stored[12:], ROOT.encode())
    except (InvalidTag, ValueError):
        raise ProviderError("the passphrase is wrong, or root.key was changed") from None


def _unreadable(folder: Path) -> ProviderError:
    return ProviderError(f"{folder / DESCRIPTION} is not readable", hint="restore it from a backup")


def _stretch(passphrase: bytes, salt: bytes, cost: dict[str, int]) -> bytes:
    return Scrypt(salt=salt, length=32, **cost).derive(passphrase)
