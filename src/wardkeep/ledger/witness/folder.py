# SPDX-License-Identifier: Apache-2.0
"""A witness's own folder: its key, the logs that it knows, the newest checkpoint of each, and proofs of forks.

witness.key                   PRIVATE+KEY+NAME+ID+base64, as Go's note package writes one
witness-ml-dsa-44.key         the same of a second key, where there is one
logs.json                     the logs and their keys
checkpoints/<SHA-256 of the origin>     the newest checkpoint, with the log's signatures and our cosignature
conflicts/<SHA-256 of the origin>/<size>-<root>    a checkpoint of a known size with another root
lock                          held by the one that serves
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.ledger.cosignature import COSIGNATURE, Cosigner
from wardkeep.ledger.errors import LedgerDamaged, LedgerUnavailable, ProofRefused
from wardkeep.ledger.note import Checkpoint, Verifier, read_vkey
from wardkeep.ledger.second import ML_DSA_44, SEED, SecondKey, SecondVerifier, message
from wardkeep.ledger.tiles import make_folder, write_durably
from wardkeep.ledger.witness.keyfile import read_key, write_key

KEY, LOGS, CHECKPOINTS, CONFLICTS, LOCK = "witness.key", "logs.json", "checkpoints", "conflicts", "lock"
SECOND = "witness-ml-dsa-44.key"
#: Proofs of forks that are kept of one log; whoever has its key could send any number.
MOST_CONFLICTS = 100
_HASH = re.compile(r"[0-9a-f]{64}")
_YEAR = re.compile(r"(.+)/[0-9]{4}")


class KnownLog(msgspec.Struct, frozen=True):
    """A log that may ask for cosignatures."""

    origin: str
    #: Keys of which one at least must have signed.
    vkeys: list[str]
    #: Whether the log begins anew each year as `<origin without the year>/<year>`, under the same key.
    every_year: bool = False

    def verifiers(self, origin: str) -> list[Verifier]:
        """The keys for an origin of this log. Raises ProofRefused where one cannot be read."""
        keys = [Verifier.parse(vkey) for vkey in self.vkeys]
        return [Verifier(origin, key.public) for key in keys] if self.every_year else keys

    def covers(self, origin: str) -> bool:
        """Whether an origin is this log's."""
        return origin == self.origin or (self.every_year and _base(origin) == _base(self.origin) != "")


def _base(origin: str) -> str:
    """An origin without its year, empty where it has none."""
    found = _YEAR.fullmatch(origin)
    return found[1] if found else ""


def origin_hash(origin: str) -> str:
    """The name under which a log's checkpoint is found."""
    return hashlib.sha256(origin.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class WitnessFolder:
    """The files of a witness. Writing is for whoever holds the lock; `logs.json` is replaced whole by anybody."""

    path: Path

    @classmethod
    def create(cls, path: Path, name: str) -> WitnessFolder:
        """Make a witness with a new key. Raises LedgerUnavailable where there is one, ProofRefused for a bad name."""
        signer = Ed25519PrivateKey.generate()
        Cosigner.parse(Cosigner.of(name, signer).vkey())
        if (path / KEY).exists() or (path / CHECKPOINTS).exists():
            raise LedgerUnavailable(f"{path} already holds a witness", hint="use it, or name another folder")
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_folder(path / CHECKPOINTS)
        write_durably(path / LOGS, b"[]\n")
        write_key(path / KEY, name, COSIGNATURE, signer.private_bytes_raw(), Cosigner.of(name, signer).key_id)
        return cls(path)

    def signer(self) -> tuple[str, Ed25519PrivateKey]:
        """The witness's name and key. Raises LedgerUnavailable, LedgerDamaged."""
        try:
            name, key_id, seed = read_key(self.path / KEY, COSIGNATURE)
            signer = Ed25519PrivateKey.from_private_bytes(seed)
        except FileNotFoundError:
            raise LedgerUnavailable(
                f"there is no witness in {self.path}", hint="make one with `wardkeep witness init`"
            ) from None
        except ValueError:
            raise LedgerDamaged(f"{self.path / KEY} is not the key of a witness") from None
        if Cosigner.of(name, signer).key_id != key_id:
            raise LedgerDamaged(f"{self.path / KEY} is not the key of a witness")
        return name, signer

    def add_second(self) -> SecondVerifier:
        """Give the witness a key of the kind ML-DSA-44 too. Raises LedgerUnavailable where it has one, or none can be."""
        name, _ = self.signer()
        if (self.path / SECOND).exists():
            raise LedgerUnavailable(
                f"{self.path / SECOND} is there already", hint="`wardkeep witness status` prints it"
            )
        seed = os.urandom(SEED)
        verifier = SecondVerifier(name, SecondKey(seed).public)
        message(name, Checkpoint(name, 0, bytes(32)))
        write_key(self.path / SECOND, name, ML_DSA_44, seed, verifier.key_id)
        return verifier

    def second(self) -> SecondKey | None:
        """The second key, None where there is none. Raises LedgerDamaged, LedgerUnavailable without the library."""
        try:
            name, key_id, seed = read_key(self.path / SECOND, ML_DSA_44)
            key = SecondKey(seed)
        except FileNotFoundError:
            return None
        except ValueError:
            raise LedgerDamaged(f"{self.path / SECOND} is not the key of a witness") from None
        if name != self.signer()[0] or SecondVerifier(name, key.public).key_id != key_id:
            raise LedgerDamaged(f"{self.path / SECOND} is not the key of this witness")
        return key

    def logs(self) -> list[KnownLog]:
        """The logs that are known. Raises LedgerDamaged."""
        try:
            logs = msgspec.json.decode((self.path / LOGS).read_bytes(), type=list[KnownLog])
            for log in logs:
                log.verifiers(log.origin)
        except FileNotFoundError:
            raise LedgerUnavailable(
                f"there is no witness in {self.path}", hint="make one with `wardkeep witness init`"
            ) from None
        except (msgspec.DecodeError, ProofRefused) as error:
            raise LedgerDamaged(f"{self.path / LOGS}: {error}") from None
        return logs

    def log_of(self, origin: str) -> KnownLog | None:
        """The log that an origin belongs to: one of that very name before one of every year."""
        covering = [log for log in self.logs() if log.covers(origin)]
        return min(covering, key=lambda log: log.origin != origin, default=None)

    def add_log(
        self, vkey: str, *, origin: str | None = None, every_year: bool = False, another_key: bool = False
    ) -> KnownLog:
        """Know a log; with `another_key` also under a further key than the known one. Raises ProofRefused.

        A year of a log that is known in every year is no log of its own: its key joins, or is, that log's.
        """
        name, _, _ = read_vkey(vkey)
        key = Verifier.parse(vkey)
        origin = origin or name
        if every_year and (not _base(origin) or origin != name):
            raise ProofRefused(f"{origin} does not end in a year", hint="name the key of one year's log")
        logs = {log.origin: log for log in self.logs()}
        before = self.log_of(origin)
        if before is not None and before.every_year:
            origin, key = before.origin, Verifier(before.origin, key.public)
        keys = list(dict.fromkeys([*(before.vkeys if before else ()), key.vkey()]))
        if len(keys) > 1 and before is not None and keys != before.vkeys and not another_key:
            raise ProofRefused(
                f"{origin} is known under another key",
                hint="if its operator changed the key, say --another-key; if it is another log, it needs another origin",
            )
        logs[origin] = KnownLog(origin, keys, every_year or (before is not None and before.every_year))
        content = msgspec.json.format(msgspec.json.encode(list(logs.values())), indent=1)
        write_durably(self.path / LOGS, content + b"\n")
        return logs[origin]

    def checkpoint(self, origin: str) -> str | None:
        """The newest cosigned note of a log, None where none was ever cosigned. Raises LedgerDamaged."""
        path = self.path / CHECKPOINTS / origin_hash(origin)
        try:
            return path.read_bytes().decode()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise LedgerDamaged(f"{path} is no text") from None

    def seen(self) -> list[str]:
        """The newest note of every log that was ever cosigned. Raises LedgerUnavailable, LedgerDamaged."""
        folder = self.path / CHECKPOINTS
        if not folder.is_dir():
            raise LedgerUnavailable(f"{folder} is missing", hint="restore it: without it a rollback would not be seen")
        notes = []
        for path in sorted(path for path in folder.iterdir() if _HASH.fullmatch(path.name)):
            try:
                notes.append(path.read_bytes().decode())
                if origin_hash(notes[-1].partition("\n")[0]) != path.name:
                    raise ValueError
            except ValueError:
                raise LedgerDamaged(f"{path} is no checkpoint of its log", hint="restore the file as it was") from None
        return notes

    def keep(self, origin: str, note: str) -> None:
        """Remember a log's newest checkpoint; durable when this returns. Raises OSError."""
        write_durably(self.path / CHECKPOINTS / origin_hash(origin), note.encode())

    def keep_conflict(self, origin: str, name: str, note: str) -> None:
        """Keep a checkpoint that contradicts one we cosigned, as evidence. Raises OSError."""
        folder = self.path / CONFLICTS / origin_hash(origin)
        make_folder(folder)
        if not (folder / name).exists() and len(list(folder.iterdir())) < MOST_CONFLICTS:
            write_durably(folder / name, note.encode())

    def conflicts(self, origin: str) -> list[Path]:
        """The evidence against a log."""
        folder = self.path / CONFLICTS / origin_hash(origin)
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def lock(self) -> int:
        """Hold the folder until the descriptor is closed. Raises LedgerUnavailable where another process has it."""
        descriptor = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise LedgerUnavailable(f"the witness in {self.path} is being served already") from None
        return descriptor
