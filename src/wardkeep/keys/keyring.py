# SPDX-License-Identifier: Apache-2.0
"""`Keyring`: the opened keys of one installation."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wardkeep.keys import providers, shares
from wardkeep.keys.derive import derive
from wardkeep.keys.errors import KeysError, ShareError
from wardkeep.keys.sealed import sync_folder

#: Names of kept keys: one file each, none of them the root key's.
NAME = re.compile(r"(?!root$)[A-Za-z0-9][A-Za-z0-9._-]{0,120}")


class Keyring:
    """Derives keys and keeps wrapped ones. Its folder lies outside the data folder and is backed up apart from it."""

    def __init__(self, folder: Path, root: bytes) -> None:
        self.folder = folder
        self._root = root

    @classmethod
    def create(cls, folder: Path, *, provider: str = "file", passphrase: bytes | None = None) -> Keyring:
        """Make new keys in `folder`. Raises ProviderError where there are some already."""
        root = os.urandom(32)
        providers.save_root(folder, root, provider=provider, passphrase=passphrase)
        return cls(folder, root)

    @classmethod
    def open(cls, folder: Path, *, passphrase: bytes | None = None) -> Keyring:
        """Open the keys in `folder`. Raises ProviderError."""
        return cls(folder, providers.load_root(folder, passphrase=passphrase))

    @classmethod
    def recover(
        cls, folder: Path, texts: Sequence[str], *, provider: str = "file", passphrase: bytes | None = None
    ) -> Keyring:
        """Put the root key that the recovery shares give into a folder that lost it; wrapped keys stay.

        Raises ShareError, also where the shares are of other keys than those that lie wrapped in `folder`, and
        ProviderError where a root key is there already.
        """
        ring = cls.of_shares(folder, texts)
        providers.save_root(folder, ring._root, provider=provider, passphrase=passphrase)
        return ring

    @classmethod
    def of_shares(cls, folder: Path, texts: Sequence[str]) -> Keyring:
        """The keys that the shares give, if they open what lies wrapped in `folder`; nothing is written. Raises ShareError."""
        ring = cls(folder, shares.join(texts))
        for path in sorted(folder.glob("*.key")):
            if path.name != providers.ROOT:
                try:
                    ring.kept(path.stem)
                except KeysError:
                    raise ShareError(f"these shares do not open {path}: they are of other keys") from None
        return ring

    def recovery_shares(self, threshold: int = 2, shares_: int = 3) -> list[str]:
        """Texts of which any `threshold` open these keys. Each call makes a new set; old sets stay good."""
        return shares.split(self._root, threshold=threshold, shares=shares_)

    def derive(self, purpose: str, *context: str, tenant: str, length: int = 32) -> bytes:
        """A key for one tenant, purpose and context."""
        return derive(self._root, purpose, *context, tenant=tenant, length=length)

    def signer(self, name: str) -> Ed25519PrivateKey:
        """The signing key `name`, made at its first use and kept wrapped. Raises KeysError where it was changed."""
        return Ed25519PrivateKey.from_private_bytes(self.kept(f"sign-{name}"))

    def kept(self, name: str) -> bytes:
        """32 random bytes kept wrapped under `name`, made at first use; `destroy` makes what they protect unreadable."""
        path, kek = self._path(name), self._kept_kek()
        try:
            stored = path.read_bytes()
        except FileNotFoundError:
            return self._make(path, name, kek)
        try:
            secret = AESGCM(kek).decrypt(stored[:12], stored[12:], name.encode())
        except (InvalidTag, ValueError):
            raise KeysError(
                f"{path} was changed, or is of other keys", hint="restore it from a backup of the keys folder"
            ) from None
        return secret

    def has(self, name: str) -> bool:
        """Whether a key is kept under `name`."""
        return self._path(name).is_file()

    def destroy(self, name: str) -> None:
        """Remove a kept key, durably; backups of the keys folder must forget it too. One that is gone already stays gone."""
        path = self._path(name)
        with contextlib.suppress(FileNotFoundError):
            # Overwritten first, for file systems that write in place; others keep the old blocks until they reuse them.
            with path.open("r+b") as file:
                file.write(os.urandom(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            sync_folder(self.folder)

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise KeysError(f"{name!r} is no name of a key: use letters, digits, dots, dashes and underscores")
        return self.folder / f"{name}.key"

    def _make(self, path: Path, name: str, kek: bytes) -> bytes:
        secret, nonce = os.urandom(32), os.urandom(12)
        try:
            providers.write_private(path, nonce + AESGCM(kek).encrypt(nonce, secret, name.encode()))
        except FileExistsError:  # another process was first
            return self.kept(name)
        return secret

    def _kept_kek(self) -> bytes:
        return derive(self._root, "kept", tenant="*")
