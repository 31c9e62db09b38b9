# SPDX-License-Identifier: Apache-2.0
"""`Home`: one folder with everything that one installation keeps, and how its parts are opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from wardkeep.settings import Settings, load_settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from wardkeep.keys import Keyring
    from wardkeep.ledger import Ledger, LedgerReader
    from wardkeep.ledger.policy import Policy
    from wardkeep.ledger.second import SecondKey
    from wardkeep.ledger.sm2 import Sm2Key
    from wardkeep.watch.store import Store

#: The name under which the keyring keeps the ledger's signing key.
LEDGER_SIGNER = "ledger"


def signer_name(handovers: int) -> str:
    """Under which name the keyring keeps the key that signs after so many hand-overs."""
    return f"{LEDGER_SIGNER}-{handovers + 1}" if handovers else LEDGER_SIGNER


class NoHome(Exception):
    """There is no home in the folder that was named."""

    exit_status = 3

    def __init__(self, path: Path) -> None:
        super().__init__(f"no home in {path}")
        self.hint = f"make one with `wardkeep init --home {path}`, or name another with --home or WARDKEEP_HOME"


class NoPassphrase(Exception):
    """The keys are under a passphrase, and none was handed over."""

    exit_status = 3
    hint = (
        "hand it over as the systemd credential `wardkeep.passphrase`, or on an open descriptor whose number is in "
        "WARDKEEP_PASSPHRASE_FD"
    )


def default_home() -> Path:
    """`~/.local/share/wardkeep`, or below XDG_DATA_HOME where that is set."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "wardkeep"


class Home:
    """Where things are kept, and the doors to them. Making one touches nothing; each door opens what it names."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self._passphrase: bytes | None = None

    @property
    def config(self) -> Path:
        return self.path / "config.toml"

    @property
    def keys_folder(self) -> Path:
        return self.path / "keys"

    @property
    def data_folder(self) -> Path:
        return self.path / "data"

    @property
    def database(self) -> Path:
        """The SQLite file; not used where [database] url names PostgreSQL."""
        return self.data_folder / "wardkeep.sqlite3"

    @property
    def ledger_folder(self) -> Path:
        return self.data_folder / "ledger"

    @property
    def spool_folder(self) -> Path:
        """Where care paths write while the ledger is away."""
        return self.data_folder / "spool"

    @property
    def store_folder(self) -> Path:
        return self.data_folder / "store"

    @property
    def exists(self) -> bool:
        return self.config.is_file()

    @cached_property
    def settings(self) -> Settings:
        """The operator's settings, checked together. Raises NoHome, SettingsError."""
        if not self.exists:
            raise NoHome(self.path)
        return load_settings(self.config)

    def adopt(self, settings: Settings, passphrase: bytes | None) -> None:
        """Take settings that are not in config.toml: at init, or where a command changed one for its own run."""
        self.__dict__["settings"] = settings
        if passphrase is not None:
            self._passphrase = passphrase

    def adopt_keyring(self, keyring: Keyring) -> None:
        """Take a keyring that was just made."""
        self.__dict__["_keyring"] = keyring

    @cached_property
    def _keyring(self) -> Keyring:
        from wardkeep.keys import Keyring  # noqa: PLC0415

        if not self.exists:
            raise NoHome(self.path)
        return Keyring.open(self.keys_folder, passphrase=self.passphrase())

    def keyring(self) -> Keyring:
        """The opened keyring of this home. Raises NoHome, KeysError."""
        return self._keyring

    def passphrase(self) -> bytes | None:
        """The passphrase of the key provider, or None where the provider has none. Raises NoPassphrase."""
        if self.settings.keys.provider != "passphrase":
            return None
        if self._passphrase is None:
            self._passphrase = handed_passphrase()
        return self._passphrase

    def signer(self) -> Ed25519PrivateKey:
        """The key that signs the ledger's checkpoints: after each hand-over the next one. Raises LedgerDamaged."""
        from wardkeep.ledger.reader import DESCRIPTION, Description  # noqa: PLC0415

        made = (self.ledger_folder / DESCRIPTION).exists()
        handovers = len(Description.read(self.ledger_folder).handovers) if made else 0
        return self.keyring().signer(signer_name(handovers))

    def second_key(self) -> SecondKey | None:
        """The key of the second signature, None where the settings want none. Raises LedgerUnavailable."""
        if self.settings.ledger.second_signature == "none":
            return None
        from wardkeep.ledger.second import SecondKey  # noqa: PLC0415

        return SecondKey(self.keyring().kept(f"sign-{LEDGER_SIGNER}-{self.settings.ledger.second_signature}"))

    def sm2_key(self) -> Sm2Key | None:
        """The key of the sidecars, None where the settings want none. Raises LedgerUnavailable."""
        if self.settings.ledger.sidecar == "none":
            return None
        from wardkeep.ledger.sm2 import Sm2Key  # noqa: PLC0415

        return Sm2Key(self.keyring().kept(f"sign-{LEDGER_SIGNER}-{self.settings.ledger.sidecar}"))

    def store(self) -> Store:
        """The event store."""
        from wardkeep.watch.store import Store  # noqa: PLC0415

        return Store(
            self.store_folder,
            keyring=self.keyring(),
            tenant=self.settings.hospital.tenant,
            zone=self.settings.hospital.timezone,
            ledger_folder=self.ledger_folder,
        )

    def connect_ledger(self, *, clock: Callable[[], datetime] | None = None, wait: float = 10.0) -> Ledger:
        """A ledger to append to: in this process where the lock is free, else through the writer's socket."""
        from wardkeep.ledger import Ledger  # noqa: PLC0415

        return Ledger.connect(
            self.ledger_folder,
            signer=self.signer(),
            clock=clock or now,
            wait=wait,
            second=self.second_key(),
            sm2=self.sm2_key(),
        )

    def ledger_reader(self) -> LedgerReader:
        """A reader of the ledger; needs no lock and no key."""
        from wardkeep.ledger import LedgerReader  # noqa: PLC0415

        if not self.exists:
            raise NoHome(self.path)
        return LedgerReader(self.ledger_folder)

    def witness_policy(self) -> Policy | None:
        """Who cosigns our checkpoints, None where nobody is asked. Raises PolicyError, LedgerUnavailable."""
        from wardkeep.ledger import LedgerUnavailable  # noqa: PLC0415
        from wardkeep.ledger.policy import parse_policy  # noqa: PLC0415

        if not self.settings.ledger.witnesses:
            return None
        path = self.path / self.settings.ledger.witnesses
        try:
            return parse_policy(path.read_bytes())
        except OSError as exc:
            raise LedgerUnavailable(
                f"the policy {path} cannot be read: {exc.strerror}", hint="write it, or empty ledger.witnesses"
            ) from None


def handed_passphrase() -> bytes:
    """Read the passphrase from a descriptor or a systemd credential; never from argv or the environment itself."""
    if number := os.environ.get("WARDKEEP_PASSPHRASE_FD"):
        return _whole(int(number)).rstrip(b"\r\n")
    if folder := os.environ.get("CREDENTIALS_DIRECTORY"):
        credential = Path(folder) / "wardkeep.passphrase"
        if credential.is_file():
            return credential.read_bytes().rstrip(b"\r\n")
    raise NoPassphrase("the key provider `passphrase` was given no passphrase")


def _whole(descriptor: int) -> bytes:
    """All that a descriptor holds; without moving it where it can be moved, for several processes share one."""
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
    except OSError:  # a pipe
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            return stream.read()
    return os.pread(descriptor, size, 0)


def now() -> datetime:
    """The clock: the one place where the program reads the time of day."""
    return datetime.now(UTC)
