# SPDX-License-Identifier: Apache-2.0
"""`LedgerReader`: what anyone with read access to the folder can ask, without a lock and without a key."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from wardkeep.ledger.cosigned import carry, read_cosigned
from wardkeep.ledger.errors import LedgerDamaged, LedgerUnavailable, ProofRefused, UnknownEntry
from wardkeep.ledger.handover import Chain, HandOver
from wardkeep.ledger.journal import Fault, Record, damaged, files, read_file
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint
from wardkeep.ledger.proof import write_proof
from wardkeep.ledger.second import SecondVerifier, read_second
from wardkeep.ledger.sidecar import Sidecar, judge_sidecar, read_sm2
from wardkeep.ledger.sm2 import Sm2Verifier
from wardkeep.ledger.tiles import TileFolder
from wardkeep.ledger.tree import TILE_WIDTH, consistency_proof, inclusion_proof, range_root, verify_inclusion

DESCRIPTION = "ledger.json"


@dataclass(frozen=True, slots=True)
class Description:
    """What a ledger says of itself: the origin without the year, the public key that signs now, and how it came to sign."""

    origin: str
    public: bytes
    handovers: tuple[HandOver, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Description:
        """Raises LedgerUnavailable where there is none, LedgerDamaged where it is not as it was written."""
        try:
            raw = (folder / DESCRIPTION).read_bytes()
            said = json.loads(raw)
            found = cls(
                str(said["origin"]),
                bytes.fromhex(said["public"]),
                tuple(HandOver.parse(one) for one in said.get("handovers", ())),
            )
        except FileNotFoundError:
            if logs_in(folder):
                raise LedgerDamaged(f"{folder / DESCRIPTION} is missing") from None
            raise LedgerUnavailable(
                f"there is no ledger in {folder}", hint="make a home with `wardkeep init`"
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError, ProofRefused):
            raise LedgerDamaged(f"{folder / DESCRIPTION} is not readable") from None
        if raw != found.encode():
            raise LedgerDamaged(f"{folder / DESCRIPTION} is not as it was written, or of a newer version")
        try:
            Chain.of(found.origin, found.public, found.handovers)
        except ProofRefused as error:
            raise LedgerDamaged(f"{folder / DESCRIPTION}: {error}") from None
        return found

    def encode(self) -> bytes:
        """The file's one form, with a digest, so that a damaged description is not taken for a foreign one."""
        said: dict[str, object] = {"version": 1, "origin": self.origin, "public": self.public.hex()}
        if self.handovers:  # a ledger whose key was never handed over is described as ever
            said |= {"version": 2, "handovers": [one.said() for one in self.handovers]}
        digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()
        return json.dumps(said | {"sha256": digest}).encode() + b"\n"

    def origin_of(self, log: str) -> str:
        return f"{self.origin}/{log}"

    @property
    def chain(self) -> Chain:
        return Chain(self.origin, self.public, self.handovers)

    def verifier(self, log: str) -> Verifier:
        """Who signs the checkpoints of a log: one key, or the one for each size."""
        return self.chain.verifier(log)


def logs_in(folder: Path) -> list[str]:
    """The logs of a ledger by year, oldest first."""
    below = folder / "logs"
    return sorted(p.name for p in below.iterdir() if p.name.isdigit()) if below.is_dir() else []


class LedgerReader:
    """Reads what is published: behind `serve` at most a quarter of a second after it was acknowledged.

    What it gives is checked against the signed root only where it says so: `checkpoint`, `proof`. `verify_ledger` checks all.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.description = Description.read(folder)
        self._tiles: dict[str, TileFolder] = {}

    def logs(self) -> list[str]:
        """The logs by year, oldest first, but for one that is just being begun."""
        names = logs_in(self.folder)
        begun = len(names) > 1 and not (self.folder / "logs" / names[-1] / "checkpoint").exists()
        return names[:-1] if begun else names

    @property
    def current(self) -> str:
        """The newest log. Raises LedgerUnavailable where there is none."""
        names = self.logs()
        if not names:
            raise LedgerUnavailable(f"the ledger in {self.folder} has no log yet")
        return names[-1]

    def note(self, log: str) -> str:
        """The signed note of the newest checkpoint, with its cosignatures. Raises LedgerDamaged, UnknownEntry."""
        path = self.folder / "logs" / log / "checkpoint"
        try:
            return carry(path.parent, path.read_bytes().decode())
        except FileNotFoundError:
            if log in self.logs():
                raise LedgerDamaged(f"{path} is missing") from None
            raise UnknownEntry(f"there is no log {log}", hint=f"use one of {', '.join(self.logs())}") from None
        except UnicodeDecodeError:
            raise LedgerDamaged(f"{path} is no text") from None

    def checkpoint(self, log: str) -> Checkpoint:
        """The newest checkpoint, its signature checked. Raises ProofRefused."""
        return open_checkpoint(self.note(log), self.description.verifier(log))

    def size(self, log: str) -> int:
        return self.checkpoint(log).size

    def root(self, log: str) -> bytes:
        return self.checkpoint(log).root

    def vkey(self, log: str) -> str:
        return self.description.verifier(log).vkey()

    def body(self, log: str, n: int) -> bytes:
        """The entry at index `n`. Raises UnknownEntry, LedgerDamaged."""
        return self.bodies(log, n, n)[0]

    def bodies(self, log: str, first: int, last: int) -> list[bytes]:
        """The entries `first` to `last`, inclusive."""
        size = self._within(log, first, last)
        found: list[bytes] = []
        for number in range(first // TILE_WIDTH, last // TILE_WIDTH + 1):
            found += self.tiles(log).bundle(number, min(TILE_WIDTH, size - number * TILE_WIDTH))
        start = first - first % TILE_WIDTH
        return found[first - start : last + 1 - start]

    def leaf_hashes(self, log: str, first: int, last: int) -> list[bytes]:
        """The leaf hashes `first` to `last`, inclusive."""
        size = self._within(log, first, last)
        found: list[bytes] = []
        for number in range(first // TILE_WIDTH, last // TILE_WIDTH + 1):
            found += self.tiles(log).tile(0, number, min(TILE_WIDTH, size - number * TILE_WIDTH))
        start = first - first % TILE_WIDTH
        return found[first - start : last + 1 - start]

    def proof(self, log: str, n: int) -> str:
        """A .tlog-proof of the entry at index `n`. Raises LedgerDamaged where none holds.

        It is against the newest cosigned checkpoint where that reaches the entry, else against the newest one.
        """
        *better, (note, tree) = self._under(log, n)
        leaf = self.tiles(log).tile(0, n // TILE_WIDTH, min(TILE_WIDTH, tree.size - n // TILE_WIDTH * TILE_WIDTH))
        for signed, checkpoint in [*better, (note, tree)]:
            path = inclusion_proof(self.tiles(log).node(tree.size), n, checkpoint.size)
            with contextlib.suppress(ProofRefused):
                verify_inclusion(
                    leaf=leaf[n % TILE_WIDTH], index=n, size=checkpoint.size, proof=path, root=checkpoint.root
                )
                return write_proof(n, path, signed)
        raise LedgerDamaged(f"the tiles of log {log} do not prove entry {n}")

    def vouched(self, log: str, last: int) -> str:
        """The note under which the entries up to `last` are best shown: as for a proof. Raises UnknownEntry."""
        *better, (note, tree) = self._under(log, last)
        node = self.tiles(log).node(tree.size)
        for signed, checkpoint in better:
            if range_root(node, 0, checkpoint.size) == checkpoint.root:
                return signed
        return note

    def _under(self, log: str, n: int) -> list[tuple[str, Checkpoint]]:
        """The notes that reach entry `n`, each read once: the newest cosigned one where there is one, then the newest."""
        note = self.note(log)
        keys = self.description.verifier(log)
        tree = open_checkpoint(note, keys)
        self._refuse_beyond(log, n, n, tree.size)
        cosigned = self.cosigned(log)
        # One from before the key was handed over is of no use: whoever checks it has the newest key.
        if cosigned is None or keys.at(cosigned[1].size).public != keys.public or not n < cosigned[1].size <= tree.size:
            return [(note, tree)]
        return [cosigned, (note, tree)]

    def cosigned(self, log: str) -> tuple[str, Checkpoint] | None:
        """The newest note that witnesses cosigned, and its checkpoint; None where there is none that the log signed."""
        return read_cosigned(self.folder / "logs" / log, self.description.verifier(log))

    def consistency(self, log: str, old: int, new: int) -> list[bytes]:
        """The proof that the tree of size `new` extends that of size `old`. Raises ProofRefused, UnknownEntry."""
        size = self._within(log, 0, new - 1)
        return consistency_proof(self.tiles(log).node(size), old, new)

    def root_at(self, log: str, size: int) -> bytes:
        """The root that the tree had at an earlier size. Raises UnknownEntry."""
        now = self._within(log, 0, size - 1)
        return range_root(self.tiles(log).node(now), 0, size)

    def last_number(self, producer: str) -> int | None:
        """The number of a producer's last acknowledged batch, None where it sent none. Raises LedgerDamaged.

        Reads the journal, and needs no lock: its newest record names the last batch of every producer, of all years.
        """
        for name in reversed(self.logs()):
            for path in reversed(files(self.folder / "journal" / name)):
                newest: Record | None = None
                for item in read_file(path, None):
                    if isinstance(item, Fault):
                        if not item.torn:  # a torn tail is being written now, or was never acknowledged
                            raise damaged(item)
                    else:
                        newest = item[1]
                if newest is not None:
                    last = newest.producers.get(producer)
                    return None if last is None else last[1]
        return None

    def second(self, log: str) -> SecondVerifier | None:
        """Who signs the checkpoints of a log once more, None where nobody does. Raises LedgerDamaged."""
        public = read_second(self.folder)
        return None if public is None else SecondVerifier(self.description.origin_of(log), public)

    def sm2(self, log: str) -> Sm2Verifier | None:
        """Who signs beside the checkpoints of a log with SM2, None where nobody does. Raises LedgerDamaged."""
        public = read_sm2(self.folder)
        return None if public is None else Sm2Verifier(self.description.origin_of(log), public)

    def sidecar(self, log: str) -> Sidecar:
        """What the SM2 signature beside the checkpoint of a log is worth. Raises LedgerDamaged."""
        return judge_sidecar(self.folder / "logs" / log, self.sm2(log), lambda size: self.root_at(log, size))

    def tiles(self, log: str) -> TileFolder:
        if log not in self._tiles:
            self._tiles[log] = TileFolder(self.folder / "logs" / log)
        return self._tiles[log]

    def _within(self, log: str, first: int, last: int) -> int:
        size = self.size(log)
        self._refuse_beyond(log, first, last, size)
        return size

    def _refuse_beyond(self, log: str, first: int, last: int, size: int) -> None:
        if not 0 <= first <= last < size:
            raise UnknownEntry(f"log {log} has the entries 0 to {size - 1}; {first} to {last} was asked for")
