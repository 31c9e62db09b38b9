# SPDX-License-Identifier: Apache-2.0
"""A batch on its way: sealed files in `pending/`, then their leaves in the ledger, then the manifest.

    1  files into pending/<name>.new/, each synced, `batch` last; renamed to pending/<name>
    2  leaves appended under the key (PRODUCER, seq); the ledger gives a repetition the receipt it gave before
    3  files moved to their places, rows committed to the manifest, pending/<name> removed

A crash after 1 is finished by `finish_all` from what is there, and a crash before leaves nothing but a folder `.new`, which
is removed. The leaves are computed again from the sealed rows, so that nothing is parsed twice and nothing but sealed files
ever lies on the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

import msgspec

from wardkeep.ledger import act_leaf
from wardkeep.watch.store.canonical import leaves_all
from wardkeep.watch.store.errors import StoreDamaged
from wardkeep.watch.store.folder import KEYS, SEALED, Folder, disk, sync
from wardkeep.watch.store.manifest import BatchRow, DoneRow, FileRow, Manifest, Row
from wardkeep.watch.store.segment import unpack

#: The store's name in the ledger.
PRODUCER = "store"
SEALED_ACT = "store:batch:sealed"
DESCRIPTION = "batch"


class Receipt(Protocol):
    """Where the ledger put a batch."""

    @property
    def log(self) -> str: ...
    @property
    def first(self) -> int: ...
    @property
    def last(self) -> int: ...


class Appends(Protocol):
    """The part of a ledger that the store needs."""

    def append(self, producer: str, seq: int, bodies: Sequence[bytes]) -> Any: ...
    def last(self, producer: str) -> Any: ...


@dataclass(kw_only=True)
class Pending:
    """What a batch is: its files (leaves counted from 0), and the pieces of quarantine that it settles."""

    name: str
    #: Its number in the ledger; 0 for the artifact of a run and for a compacted segment, which have no leaves of their own.
    seq: int
    received_us: int
    files: list[FileRow] = field(default_factory=list)
    done: list[DoneRow] = field(default_factory=list)
    #: The segments in whose place its file stands.
    replaces: list[str] = field(default_factory=list)

    @property
    def has_act(self) -> bool:
        return self.seq > 0 and (bool(self.done) or any(row.kind != "segment" for row in self.files))

    def act(self) -> bytes:
        """The act that names the files that have no leaves of their own. It holds no identity."""
        pieces = "\n".join(sorted(f"{row.piece} {row.how}" for row in self.done))
        said: dict[str, object] = {
            "act": SEALED_ACT,
            "batch": self.seq,
            "at_us": self.received_us,
            "files": [
                {"id": row.id, "kind": row.kind, "sha256": row.sha256} for row in self.files if row.kind != "segment"
            ],
        }
        if self.done:
            said |= {"done": len(self.done), "done_sha256": hashlib.sha256(pieces.encode()).hexdigest()}
        return act_leaf(said)

    def segments(self) -> list[FileRow]:
        return [row for row in self.files if row.kind == "segment"]

    def encode(self, key: bytes) -> bytes:
        body = msgspec.json.encode(
            {
                "name": self.name,
                "seq": self.seq,
                "received_us": self.received_us,
                "files": [asdict(row) for row in self.files],
                "done": [asdict(row) for row in self.done],
                "replaces": self.replaces,
            }
        )
        return hmac.digest(key, body, "sha256") + body

    @classmethod
    def decode(cls, raw: bytes, key: bytes, where: str) -> Pending:
        """Raises StoreDamaged naming `where`."""
        if not hmac.compare_digest(raw[:32], hmac.digest(key, raw[32:], "sha256")):
            raise StoreDamaged(f"{where} was changed")
        said = msgspec.json.decode(raw[32:])
        return cls(
            name=said["name"],
            seq=said["seq"],
            received_us=said["received_us"],
            files=[FileRow(**row) for row in said["files"]],
            done=[DoneRow(**row) for row in said["done"]],
            replaces=said.get("replaces", []),
        )


class Draft:
    """The first step of a batch: its files, one by one, then `ready`. Leave it early and nothing has happened."""

    def __init__(self, folder: Folder, pending: Pending) -> None:
        self._folder, self.pending = folder, pending
        self._draft = folder.pending / f"{pending.name}.new"

    def __enter__(self) -> Draft:
        with disk(self._folder.path):
            shutil.rmtree(self._draft, ignore_errors=True)
            self._draft.mkdir(mode=0o700)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            shutil.rmtree(self._draft, ignore_errors=True)

    def add(self, row: FileRow, plaintext: bytes, *, keys: bytes | None = None) -> None:
        """Seal a file (and the key index beside it). Raises StoreFull."""
        with disk(self._folder.path):
            path = self._draft / (row.id + SEALED)
            digest = self._folder.write(path, plaintext, kind=row.kind, identity=row.id, rows=row.rows)
            meta = row.facts
            if keys is not None:
                path = self._draft / (row.id + KEYS)
                meta["keys"] = self._folder.write(path, keys, kind="keys", identity=row.id, rows=row.rows)
        said = msgspec.json.encode(meta, order="sorted").decode()
        self.pending.files.append(replace(row, sha256=digest, meta=said))

    def ready(self) -> None:
        """All files are there: from now on the batch will be finished, by us or after a crash. Raises StoreFull."""
        with disk(self._folder.path):
            path = self._draft / DESCRIPTION
            path.write_bytes(self.pending.encode(self._folder.key("manifest")))
            with path.open("rb+") as file:
                os.fsync(file.fileno())
            sync(self._draft)
            self._draft.rename(self._folder.pending / self.pending.name)
            sync(self._folder.pending)


def finish(
    folder: Folder, manifest: Manifest, ledger: Appends, pending: Pending, bodies: Sequence[bytes] | None = None
) -> Receipt:
    """Steps 2 and 3. `bodies` are the leaves of the segments; where they are not at hand they are computed again."""
    if bodies is None:
        bodies = leaves_of(folder, pending)
    if pending.has_act:
        bodies = [*bodies, pending.act()]
    receipt: Receipt = ledger.append(PRODUCER, pending.seq, bodies)
    with folder.commit_lock():
        place(folder, manifest, pending, receipt)
    return receipt


def place(folder: Folder, manifest: Manifest, pending: Pending, receipt: Receipt | None) -> None:
    """Step 3: move the files, commit the rows, forget the batch. The commit lock is held. Raises StoreFull."""
    rows = _rows(pending, receipt)
    source = folder.pending / pending.name
    with disk(folder.path):
        for row in pending.files:
            for ending in (SEALED, KEYS):
                path = source / (row.id + ending)
                if path.exists():
                    path.replace(folder.place(row.kind, row.id, ending))
        for kind in {row.kind for row in pending.files}:
            sync(folder.place(kind, "x").parent)
        if pending.replaces:
            manifest.replace(rows, retired=pending.replaces)
        else:
            manifest.commit(rows)
        _forget(folder, pending.name)


def _rows(pending: Pending, receipt: Receipt | None) -> list[Row]:
    """What the manifest will say of a batch whose leaves are at `receipt`."""
    if receipt is None:
        return [*pending.files]
    rows: list[Row] = [
        BatchRow(
            seq=pending.seq,
            log=receipt.log,
            first=receipt.first,
            last=receipt.last,
            received_us=pending.received_us,
        )
    ]
    for row in pending.files:
        if row.kind == "segment":
            first = receipt.first + (row.first or 0)
            rows.append(replace(row, log=receipt.log, first=first, last=first + row.rows - 1))
        else:
            rows.append(replace(row, log=receipt.log, first=receipt.last, last=receipt.last))
    return rows + list(pending.done)


def leaves_of(folder: Folder, pending: Pending) -> list[bytes]:
    """The leaves of a batch's segments, computed from their rows. Raises StoreDamaged."""
    bodies: list[bytes] = []
    for row in pending.segments():
        path = folder.pending / pending.name / (row.id + SEALED)
        if not path.exists():
            path = folder.place("segment", row.id)
        raw = folder.read(path, kind="segment", identity=row.id, rows=row.rows)
        table = unpack(raw, row.id).rows()
        salted = b"".join(table.column("salt").to_pylist())
        bodies += leaves_all(table, salted)
    return bodies


def waiting(folder: Folder) -> list[Pending]:
    """Every batch that a crash may have left, oldest first. Raises StoreDamaged."""
    found = []
    for path in sorted(folder.pending.iterdir()) if folder.pending.is_dir() else []:
        if path.name.endswith(".new") or not path.is_dir():
            continue
        try:
            raw = (path / DESCRIPTION).read_bytes()
        except FileNotFoundError:
            raise StoreDamaged(f"{folder.shown(path / DESCRIPTION)} is missing") from None
        found.append(Pending.decode(raw, folder.key("manifest"), folder.shown(path / DESCRIPTION)))
    return sorted(found, key=lambda pending: (pending.seq, pending.name))


def finish_all(folder: Folder, manifest: Manifest, ledger: Appends) -> int:
    """Finish what a crash left; the store's lock is held. Returns how many batches that were. Raises StoreDamaged."""
    contents = manifest.trusted()
    committed = {row.seq for row in contents.batches}
    with folder.commit_lock(), disk(folder.path):  # nobody saves a run now
        for path in list(folder.pending.glob("*.new")):
            shutil.rmtree(path, ignore_errors=True)
        left = waiting(folder)
        known = {row.id for row in manifest.trusted().files}
        for pending in left:
            if pending.seq in committed or (pending.seq == 0 and {row.id for row in pending.files} <= known):
                _forget(folder, pending.name)
            elif pending.seq == 0:
                place(folder, manifest, pending, None)
        if wrong := manifest.changed_pages():
            raise StoreDamaged(f"the store's manifest was changed: {wrong[0]}")
        manifest.mend_pages()
    unsent = [pending for pending in left if pending.seq and pending.seq not in committed]
    for pending in unsent:
        finish(folder, manifest, ledger, pending)
    _agree(manifest, ledger)
    return len(unsent)


def _agree(manifest: Manifest, ledger: Appends) -> None:
    """The ledger and the store must name the same last batch: else one of them is another, or an older one."""
    last = ledger.last(PRODUCER)
    sent, held = (last[0] if last else 0), manifest.last_seq()
    if sent != held:
        raise StoreDamaged(
            f"the ledger knows {sent} batches of the store, the store holds {held}: one of them was put back or replaced"
        )


def _forget(folder: Folder, name: str) -> None:
    """Remove a batch that is committed; at no moment is half of one there."""
    with disk(folder.path):
        draft = folder.pending / f"{name}.new"
        (folder.pending / name).rename(draft)
        shutil.rmtree(draft)
        sync(folder.pending)
