# SPDX-License-Identifier: Apache-2.0
"""Lost keys: the root key out of recovery shares, and a new set of shares."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from wardkeep.home import Home


class KeysAreThere(Exception):
    """The keys open: there is nothing to recover."""

    exit_status = 2
    hint = "for a new set of shares use `wardkeep keys shares`"

    def __init__(self, folder: Path) -> None:
        super().__init__(f"the keys in {folder} open as they are")


def recover_keys(home: Home, texts: Sequence[str], *, at: datetime) -> list[Path]:
    """Put the root key back, under the provider that the settings name. Returns where unusable files were moved.

    Whatever stood there is moved aside only when the shares are shown to open the wrapped keys. Raises NoHome,
    KeysAreThere, ShareError, ProviderError, NoPassphrase.
    """
    from wardkeep.keys import Keyring, KeysError  # noqa: PLC0415
    from wardkeep.keys.providers import DESCRIPTION, ROOT  # noqa: PLC0415

    settings, folder = home.settings, home.keys_folder
    passphrase = home.passphrase()
    try:
        Keyring.open(folder, passphrase=passphrase)
    except KeysError:
        pass
    else:
        raise KeysAreThere(folder)
    Keyring.of_shares(folder, texts)
    moved = []
    for name in (DESCRIPTION, ROOT):
        path = folder / name
        if path.exists():
            moved.append(path.rename(folder / f"{name}.lost-{at:%Y%m%dT%H%M%SZ}"))
    ring = Keyring.recover(folder, texts, provider=settings.keys.provider, passphrase=passphrase)
    home.adopt_keyring(ring)
    return moved


def say_recovered(*, at: datetime) -> None:
    """The act of a recovery. It comes after it: without keys nothing can be sealed. Django must be set up."""
    from wardkeep.seal.act import action  # noqa: PLC0415

    with action("keys:root:recovered", actor="cli", at=at):
        pass


def write_shares(home: Home, folder: Path, *, at: datetime) -> list[Path]:
    """A new set of recovery shares in an empty folder, with its act: no set is made that the ledger does not know of.

    Django must be set up.
    """
    from wardkeep.seal.act import action  # noqa: PLC0415

    with action("keys:shares:made", actor="cli", at=at):
        return keep_shares(home.keyring().recovery_shares(), folder)


def keep_shares(shares: Sequence[str], folder: Path) -> list[Path]:
    """Shares as `share-1.txt` and so on, for their owner alone."""
    paths = [folder / f"share-{number}.txt" for number in range(1, len(shares) + 1)]
    for path, share in zip(paths, shares, strict=True):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(share + "\n")
    return paths
