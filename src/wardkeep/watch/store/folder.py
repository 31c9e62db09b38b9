# SPDX-License-Identifier: Apache-2.0
"""Where the store's files lie, under which keys they are sealed, and who may write.

manifest.sqlite3, manifest.pages   which files there are; it alone makes them visible
segments/<id>.wks, <id>.keys       events of one local day from one batch, and the index of their keys
context/  quarantine/  runs/       <id>.wks: changes of one table, pieces set aside, what a judgement kept
pending/<name>/                    a batch on its way: its files and what they are (`batch`)
lock, manifest.lock, reading       who takes in (for a whole session), who commits (for a moment), who reads (many at once)
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import mmap
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from wardkeep.keys.errors import SealedError
from wardkeep.keys.sealed import open_sealed, seal
from wardkeep.watch.store.errors import StoreBusy, StoreDamaged, StoreError, StoreFull
from wardkeep.watch.store.segment import aad
from wardkeep.watch.store.waiting import take_lock

KINDS = {"segment": "segments", "context": "context", "quarantine": "quarantine", "run": "runs"}
PENDING = "pending"
SEALED, KEYS = ".wks", ".keys"
READING = "reading"


class Keys(Protocol):
    """The part of a keyring that the store needs."""

    def derive(self, purpose: str, *context: str, tenant: str, length: int = 32) -> bytes: ...
    def kept(self, name: str) -> bytes: ...
    def has(self, name: str) -> bool: ...
    def destroy(self, name: str) -> None: ...


class Folder:
    """The folder of one store and its keys. Making one touches nothing."""

    def __init__(self, path: Path, *, keyring: Keys, tenant: str) -> None:
        self.path, self._keyring, self._tenant = path, keyring, tenant
        self._keks: dict[str, bytes] = {}

    def key(self, purpose: str) -> bytes:
        """A key of the store that is not for sealing: `manifest`, `hash`."""
        return self._keyring.derive(f"store-{purpose}", tenant=self._tenant)

    def make(self) -> None:
        """Make the folders that are not there. Raises StoreFull, StoreError."""
        with disk(self.path):
            for name in (PENDING, *KINDS.values()):
                (self.path / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path / READING, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    @property
    def pending(self) -> Path:
        return self.path / PENDING

    def place(self, kind: str, identity: str, ending: str = SEALED) -> Path:
        """Where a visible file lies."""
        return self.path / KINDS[kind] / (identity + ending)

    # -- sealed files ----------------------------------------------------------------------------------------------

    def write(self, path: Path, plaintext: bytes, *, kind: str, identity: str, rows: int) -> str:
        """Seal into a new file, durable when this returns; the SHA-256 of what was written. Raises OSError."""
        state = hashlib.sha256()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            for piece in seal(plaintext, kek=self._kek(kind), aad=aad(identity, rows, kind=kind)):
                state.update(piece)
                rest = memoryview(piece)
                while rest:
                    rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        return state.hexdigest()

    def read(self, path: Path, *, kind: str, identity: str, rows: int, upto: int | None = None) -> bytes:
        """The plaintext of a sealed file, or its first `upto` bytes. Raises StoreDamaged naming file and chunk."""
        try:
            return b"".join(self._chunks(path, kind, identity, rows, upto))[:upto]
        except SealedError as error:
            raise StoreDamaged(str(error)) from None

    def unseal(self, sealed: bytes, name: str, *, kind: str, identity: str, rows: int) -> bytes:
        """The plaintext of a file's bytes. Raises SealedError."""
        return b"".join(open_sealed(sealed, kek=self._kek(kind), aad=aad(identity, rows, kind=kind), name=name))

    def memfd(self, path: Path, *, kind: str, identity: str, rows: int, upto: int) -> int:
        """The first `upto` bytes of a sealed file in an anonymous file in memory; the caller closes the descriptor."""
        descriptor = os.memfd_create("wardkeep", os.MFD_CLOEXEC)
        try:
            left = upto
            for piece in self._chunks(path, kind, identity, rows, upto):
                rest = memoryview(piece)[:left]
                left -= len(rest)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
        except SealedError as error:
            os.close(descriptor)
            raise StoreDamaged(str(error)) from None
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _chunks(self, path: Path, kind: str, identity: str, rows: int, upto: int | None) -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError:
            raise StoreDamaged(f"{self.shown(path)} is missing") from None
        except ValueError:
            raise StoreDamaged(f"{self.shown(path)} is empty") from None
        done = 0
        view = memoryview(mapped)
        try:
            chunks = open_sealed(view, kek=self._kek(kind), aad=aad(identity, rows, kind=kind), name=self.shown(path))
            for piece in chunks:
                yield piece
                done += len(piece)
                if upto is not None and done >= upto:
                    break
            chunks.close()  # type: ignore[attr-defined]
        finally:
            with contextlib.suppress(BufferError):
                view.release()
                mapped.close()

    def shown(self, path: Path) -> str:
        """A file's name as messages give it: below the store's folder."""
        return str(path.relative_to(self.path))

    def _kek(self, kind: str) -> bytes:
        if kind not in self._keks:
            self._keks[kind] = self._keyring.derive("store-seal", kind, tenant=self._tenant)
        return self._keks[kind]

    # -- locks -----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def lock(self, *, wait: float) -> Iterator[None]:
        """Be the one who takes in. Raises StoreBusy when another process still is after `wait` seconds."""
        with locked(self.path / "lock", wait=wait):
            yield

    @contextlib.contextmanager
    def commit_lock(self, *, wait: float = 30.0) -> Iterator[None]:
        """Be the one who changes the manifest."""
        with locked(self.path / "manifest.lock", wait=wait):
            yield

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Be one of those who read: no file that the manifest names now goes away before the end.

        Where there is no file to lock nothing was ever compacted.
        """
        try:
            descriptor = os.open(self.path / READING, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            yield
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def unread(self) -> Iterator[bool]:
        """Whether nobody reads; who begins waits for the end. Those who read already are not waited for."""
        descriptor = os.open(self.path / READING, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def locked(path: Path, *, wait: float) -> Iterator[None]:
    """Hold an exclusive lock on a file. Raises StoreBusy, StoreError."""
    with disk(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not take_lock(descriptor, wait=wait):
            raise StoreBusy(
                f"another process writes to the store in {path.parent}",
                hint="wait for the other command, then run this one again",
            )
        try:
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # also where a child process has inherited the descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def disk(where: Path) -> Iterator[None]:
    """What the disk refuses to us or to SQLite, as StoreFull or StoreError."""
    try:
        yield
    except FileNotFoundError as error:
        raise StoreError(f"{error.filename} is missing", hint="run `wardkeep ledger verify`") from error
    except OSError as error:
        raise StoreFull(f"cannot write to {where}: {error.strerror}") from error
    except sqlite3.OperationalError as error:
        raise StoreFull(f"cannot write to {where}: {error}") from error


def sync(folder: Path) -> None:
    """Make new names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
