# SPDX-License-Identifier: Apache-2.0
"""One log (one year) as its writer holds it: journal first, then what readers see.

`commit` makes entries durable; `publish` writes tiles, bundles and the checkpoint; `settle` makes those durable too and
lets old journal files go. A crash loses nothing that `commit` returned: opening the log again writes anew what was not
settled.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.ledger.entry import Receipt
from wardkeep.ledger.errors import LedgerDamaged, LedgerError, OutOfOrder, ProofRefused
from wardkeep.ledger.journal import NO_RECORD, Fault, Journal, Producer, Record, cut, damaged, encode, files, read_file
from wardkeep.ledger.note import Checkpoint, NoteSigner, Verifier, open_checkpoint
from wardkeep.ledger.published import Publisher, Settling
from wardkeep.ledger.second import SecondKey
from wardkeep.ledger.sm2 import Sm2Key
from wardkeep.ledger.stage import Group, Key, Known, Request, gather
from wardkeep.ledger.tiles import make_folder, unpack_bundle
from wardkeep.ledger.tree import leaf_hashes

#: Batches whose place is known by their number; of older ones only each producer's last is.
REMEMBERED = 100_000
#: Tiles are made durable at the latest after so many entries or so many bytes of journal.
SETTLE_AFTER = 250_000
SETTLE_BYTES = 64 << 20
#: Fewer entries than this are left to the journal when a log is closed; taking them up again is quick.
LEFT_UNSETTLED = 10_000


@dataclass(frozen=True, slots=True)
class Staged:
    """A group that is ready to be written: its record's bytes and digest, and the checkpoint behind it."""

    group: Group
    note: str
    raw: bytes
    digest: bytes


class Log:
    """The writer's hold on one log. The ledger's lock protects it."""

    def __init__(
        self,
        folder: Path,
        journal: Path,
        *,
        name: str,
        origin: str,
        signer: Ed25519PrivateKey,
        verifier: Verifier | None = None,
        second: SecondKey | None = None,
        sm2: Sm2Key | None = None,
    ) -> None:
        """Open a log, an empty one where there is none. Raises LedgerDamaged where the journal does not hold.

        verifier: who signed what is there, where it was not always `signer`. second, sm2: sign what is published once more.
        """
        self.name, self.origin = name, origin
        self._notes, self._verifier = NoteSigner(origin, signer), verifier or Verifier.of(origin, signer)
        make_folder(folder)
        make_folder(journal)
        self.producers: dict[str, Producer] = {}
        self._recent: OrderedDict[Key, Known] = OrderedDict()
        self._files = Publisher(folder, self._verifier, second, sm2)
        self.edge = self._files.edge
        #: The newest entry, b"" in an empty log.
        self.last_body = b""
        self._unsettled_bytes = self._settling_bytes = 0
        previous = self._replay(journal)
        self._journal = Journal(journal, previous=previous, next_index=self.size)

    @property
    def size(self) -> int:
        return self.edge.size

    @property
    def broken(self) -> str | None:
        """Why nothing more can be appended before the log is opened anew, None while all is well."""
        return self._journal.broken

    def commit(self, requests: Sequence[Request]) -> list[Receipt | LedgerError]:
        """Append many batches in one durable record; each gets its receipt or its own refusal. Raises LedgerUnavailable."""
        return self.write(self.stage(requests))

    def stage(self, requests: Sequence[Request]) -> Staged:
        """Make a group of batches ready. It must be the next that is written, or be dropped; the disk is not touched."""
        group = gather(requests, log=self.name, edge=self.edge, producers=self.producers, recent=self._recent)
        if not group.bodies:
            return Staged(group, "", b"", b"")
        note = self._notes.sign(Checkpoint(self.origin, group.edge.size, group.edge.root()).text())
        record = Record(
            first=self.size,
            count=len(group.bodies),
            prev=self._journal.previous,
            batches=group.batches,
            producers=group.producers,
            checkpoint=note,
            bodies=b"".join(group.packed),
        )
        return Staged(group, note, *encode(record))

    def write(self, staged: Staged) -> list[Receipt | LedgerError]:
        """Make a staged group durable, and answer its batches. Raises LedgerUnavailable: then nothing was acknowledged."""
        group = staged.group
        if group.bodies:
            self._journal.write(staged.raw, staged.digest, first=self.size)
            self._unsettled_bytes += len(staged.raw)
            self.edge, self.producers, self.last_body = group.edge, group.producers, group.bodies[-1]
            self._files.add(group.full, group.bodies, staged.note)
            self._remember(group.fresh)
        return group.answers

    def find(self, producer: str, seq: int) -> Receipt | None:
        """Where a batch went. Raises OutOfOrder for one that is older than the journal remembers."""
        if known := self._recent.get((producer, seq)):
            return known[0]
        last = self.producers.get(producer)
        if last is None or seq > last[1]:
            return None
        if seq == last[1]:
            return Receipt(last[0], last[2], last[3])
        raise OutOfOrder(f"batch {seq} of {producer} is older than the journal remembers; its last is {last[1]}")

    def last(self, producer: str) -> tuple[int, Receipt] | None:
        """A producer's last number and where it went."""
        last = self.producers.get(producer)
        return None if last is None else (last[1], Receipt(last[0], last[2], last[3]))

    def follow(self, before: Log) -> None:
        """Know what each producer sent to the log before this one."""
        self.producers = dict(before.producers)
        self._recent = before._recent.copy()

    def publish(self) -> None:
        """Write what readers see at the present size. Raises OSError."""
        self._files.publish(self.edge)

    def settle(self) -> None:
        """Make all that is published durable, then let journal files go that are no longer needed. Raises OSError."""
        settling = self.begin_settling()
        self.sync()
        self.end_settling(settling)

    def begin_settling(self) -> Settling:
        """The first third of `settle`. Raises OSError."""
        self._settling_bytes = self._unsettled_bytes
        return self._files.begin_settling(self.edge)

    def sync(self) -> None:
        """The second, which takes long: any thread may do it, while entries are appended. Raises OSError."""
        self._files.sync()

    def end_settling(self, settling: Settling) -> None:
        """The third. Raises OSError."""
        self._files.end_settling(settling)
        self._journal.forget(settling.bundled)
        self._unsettled_bytes -= self._settling_bytes
        self._settling_bytes = 0

    def hand_over(self, signer: Ed25519PrivateKey, verifier: Verifier) -> None:
        """Sign with another key from the next entry on."""
        self._notes, self._verifier = NoteSigner(self.origin, signer), verifier

    @property
    def due(self) -> bool:
        """Whether so much hangs on the journal alone that it is time to settle."""
        return self.size - self._files.settled >= SETTLE_AFTER or self._unsettled_bytes >= SETTLE_BYTES

    @property
    def overdue(self) -> bool:
        """Whether a start would have too much to read, should it come now."""
        return self.size - self._files.settled >= 2 * SETTLE_AFTER or self._unsettled_bytes >= 2 * SETTLE_BYTES

    def close(self) -> None:
        """Publish and let go. A disk that refuses costs nothing: the journal has everything."""
        with contextlib.suppress(OSError):
            if self.size - self._files.settled >= LEFT_UNSETTLED:
                self.settle()
            self.publish()
        self._journal.close()

    def _remember(self, fresh: Mapping[Key, Known]) -> None:
        self._recent.update(fresh)
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)

    def _replay(self, folder: Path) -> bytes:
        """Take up every record of the journal; cut a torn tail. Returns the digest of the last record."""
        previous: bytes | None = None
        last: Record | None = None
        existing = files(folder)
        for path in existing:
            fault, bodies = None, list[bytes]()
            for item in read_file(path, previous):
                if isinstance(item, Fault):
                    fault = item
                else:
                    _, last, previous = item
                    bodies += self._new_of(last, path, self.size + len(bodies))
            if bodies and last is not None:
                self._grow(bodies, last, path)
            if fault is not None:
                if not fault.torn or path != existing[-1] or self._files.promised > self.size:
                    raise damaged(fault)
                cut(path, fault.offset)
        if self._files.promised > self.size:
            raise LedgerDamaged(f"the journal of {self.name} ends at {self.size}, the checkpoint is beyond it")
        if last is None:
            if self.size:
                raise LedgerDamaged(f"the journal of {self.name} is gone: nobody knows what each producer sent last")
            return NO_RECORD
        if last.first + last.count != self.size:
            raise LedgerDamaged(f"the journal of {self.name} ends before its tiles, which reach {self.size}")
        self._signed_here(last)
        self.producers = dict(last.producers)
        self.last_body = unpack_bundle(last.bodies, "the journal's last record")[-1]
        return previous or NO_RECORD

    def _signed_here(self, last: Record) -> None:
        """Refuse a journal that somebody without the key went on with: the next checkpoint would vouch for it."""
        try:
            open_checkpoint(last.checkpoint, self._verifier)
        except ProofRefused as error:
            raise LedgerDamaged(f"the journal of {self.name} ends in a record that is not ours: {error}") from None

    def _new_of(self, record: Record, path: Path, size: int) -> list[bytes]:
        """Remember a record's batches; its entries, as far as a log of `size` does not have them."""
        self._remember(
            {
                (producer, seq): (Receipt(self.name, first, first + count - 1), digest)
                for producer, seq, first, count, digest in record.batches
            }
        )
        known = size - record.first
        if known < 0:
            raise LedgerDamaged(f"journal {path.name}: entries {size} to {record.first - 1} are missing")
        return [] if known >= record.count else unpack_bundle(record.bodies, path.name)[known:]

    def _grow(self, bodies: list[bytes], last: Record, path: Path) -> None:
        """Take up what a journal file adds. The root that its last record names binds all entries before it."""
        full = self.edge.extend(leaf_hashes(bodies))
        self._files.add(full, bodies, last.checkpoint)
        self._unsettled_bytes += path.stat().st_size
        signed = last.checkpoint.partition("\n\n")[0] + "\n"
        if Checkpoint(self.origin, last.first + last.count, self.edge.root()).text() != signed:
            raise LedgerDamaged(
                f"journal {path.name}: entries up to {self.size - 1} do not give the root that was signed"
            )
