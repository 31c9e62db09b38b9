# SPDX-License-Identifier: Apache-2.0
"""Verifying a bundle offline: everything is computed again from the sealed entries, and each claim compared with that.

Trusted are the verifier key or the policy that was given, the queries that this program ships, and nothing in the bundle.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wardkeep.evidence.collect import Found, Result, acts_in
from wardkeep.evidence.errors import BundleRefused, UnknownQuery
from wardkeep.evidence.manifest import (
    CHECKPOINT,
    KEYS,
    MANIFEST,
    QUERY,
    RESULT,
    Range,
    describe,
    entry_name,
    proof_name,
    read_manifest,
    tile_names,
)
from wardkeep.evidence.parcel import Parcel, open_parcel
from wardkeep.evidence.query import Query, load
from wardkeep.evidence.record import read_line
from wardkeep.ledger import LedgerError, ProofRefused, parse_index
from wardkeep.ledger.cosignature import Cosignature
from wardkeep.ledger.handover import Chain, follow
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint
from wardkeep.ledger.page import LARGEST_PAGE, is_published
from wardkeep.ledger.page import NAME as PAGE
from wardkeep.ledger.policy import Policy
from wardkeep.ledger.proof import read_proof, write_proof
from wardkeep.ledger.tiles import HASH, partial_widths, tile_path, unpack_bundle
from wardkeep.ledger.tree import TILE_WIDTH, Edge, leaf_hash, leaf_hashes, subtree_root, verify_inclusion

LARGEST_MANIFEST = 64 << 10
LARGEST_QUERY = 64 << 10
LARGEST_NOTE = 1 << 20
LARGEST_RESULT = 1 << 30
LARGEST_ENTRY = 65_535
LARGEST_BUNDLE = TILE_WIDTH * (2 + LARGEST_ENTRY)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a bundle was found to show."""

    query: Query
    values: dict[str, str]
    where: Range
    checkpoint: Checkpoint
    rows: int
    #: Whether it is shown too that nothing was left out.
    complete: bool
    #: Entries of the range whose body an act has expunged.
    gone: int
    sha256: str
    #: Of witnesses that the policy knows.
    cosignatures: tuple[Cosignature, ...] = ()


def verify_bundle(path: Path, trusted: str | Policy) -> Verdict:
    """Check a bundle under a verifier key, or a policy, that came from elsewhere. Raises BundleRefused, OSError."""
    if isinstance(trusted, str):
        Verifier.parse(trusted)
    with open_parcel(path) as parcel:
        return _Check(parcel, trusted).run()


class _Check:
    """One verification."""

    def __init__(self, parcel: Parcel, trusted: str | Policy) -> None:
        self._parcel, self._trusted = parcel, trusted
        self._cosignatures: list[Cosignature] = []

    def run(self) -> Verdict:
        raw = self._read(MANIFEST, LARGEST_MANIFEST)
        said = read_manifest(raw)
        query, values = self._query(said)
        where = Range(said["range"]["log"], said["range"]["from"], said["range"]["to"])
        note, tree = self._checkpoint(where)
        text = self._read(RESULT, LARGEST_RESULT)
        found = list(self._lines(text, query, values, where))
        self._names(query, where, tree.size, found)
        for one in found:
            self._proof(one, note, tree)
        gone = self._range(query, values, where, tree, text) if query.over == "acts" else 0
        right = describe(query, values, where, tree, rows=len(found), result=text, gone=gone)
        if right != raw:
            raise BundleRefused(f"{MANIFEST}: {_first_lie(said, read_manifest(right))} is not what the bundle shows")
        return Verdict(
            query=query,
            values=values,
            where=where,
            checkpoint=tree,
            rows=len(found),
            complete=said["complete"],
            gone=gone,
            sha256=said["result"]["sha256"],
            cosignatures=tuple(self._cosignatures),
        )

    def _query(self, said: dict[str, Any]) -> tuple[Query, dict[str, str]]:
        """The query that the manifest names, as this program knows it."""
        try:
            query = load(said["query"]["name"], said["query"]["version"])
            values = query.checked(said["parameters"])
        except UnknownQuery as error:
            raise BundleRefused(f"{MANIFEST}: {error}", hint="a newer Wardkeep may know it") from None
        if self._read(QUERY, LARGEST_QUERY) != query.text:
            raise BundleRefused(f"{QUERY}: it is not the text of {query.name} version {query.version}")
        return query, values

    def _checkpoint(self, where: Range) -> tuple[str, Checkpoint]:
        try:
            note = self._read(CHECKPOINT, LARGEST_NOTE).decode()
            tree = self._open(note, where)
        except (UnicodeDecodeError, ProofRefused) as error:
            raise BundleRefused(f"{CHECKPOINT}: {error}") from None
        if where.last >= tree.size:
            raise BundleRefused(f"{MANIFEST}: range reaches entry {where.last}, the checkpoint has {tree.size}")
        return note, tree

    def _open(self, note: str, where: Range) -> Checkpoint:
        """The checkpoint under what is trusted. Raises ProofRefused."""
        if not isinstance(self._trusted, Policy):
            return open_checkpoint(note, self._keys(self._trusted)[0].verifier(where.log))
        rules = self._trusted
        if KEYS in self._parcel.names:
            listed = [one.verifier for one in rules.logs if one.verifier.name == note.partition("\n")[0]]
            if not listed:
                raise ProofRefused(f"the policy names no log {note.partition(chr(10))[0]!r}")
            rules = rules.following(self._keys(*(one.vkey() for one in listed))[1])
        tree, self._cosignatures = rules.open(note)
        if tree.origin.rpartition("/")[2] != where.log:
            raise ProofRefused(f"it is of {tree.origin}")
        return tree

    def _keys(self, *vkeys: str) -> tuple[Chain, list[bytes]]:
        """What one of the trusted keys leads to, by the hand-overs in the bundle, and these."""
        raw = self._read(KEYS, LARGEST_NOTE) if KEYS in self._parcel.names else b""
        try:
            if KEYS in self._parcel.names and not raw.endswith(b"\n"):
                raise ProofRefused("its last line does not end")
            bodies, refused = raw.split(b"\n")[:-1], ProofRefused("no key is trusted")
            for vkey in vkeys:
                try:
                    return follow(vkey, bodies), bodies
                except ProofRefused as error:
                    refused = error
            raise refused
        except ProofRefused as error:
            raise BundleRefused(f"{KEYS}: {error}") from None

    def _lines(self, text: bytes, query: Query, values: dict[str, str], where: Range) -> Iterator[Found]:
        """The records of the result, each of them one that the query keeps, in the range, in order."""
        lines = text.split(b"\n")
        if lines.pop() != b"":
            raise BundleRefused(f"{RESULT}: its last line does not end")
        before = where.first - 1
        for line in lines:
            index, record, entry = read_line(line, query.over)
            try:
                log, n = parse_index(index, current="")
            except LedgerError:
                raise BundleRefused(f"{RESULT}: a record names no index") from None
            if log != where.log or not before < n <= where.last or index != f"{log}:{n}":
                raise BundleRefused(f"{RESULT}: {index} is not in the range, or out of order")
            if not query.keeps(record, values):
                raise BundleRefused(f"{RESULT}: {index} is nothing that the query keeps")
            before = n
            yield Found(n, line, entry)

    def _names(self, query: Query, where: Range, size: int, found: list[Found]) -> None:
        """The bundle has the files that it must have, and no others. The cheap count comes first."""
        names = {MANIFEST, QUERY, RESULT, CHECKPOINT, PAGE} | ({KEYS} & self._parcel.names)
        for one in found:
            names |= {proof_name(one.n), entry_name(one.n)}
        if query.over == "acts":
            if where.last // TILE_WIDTH - where.first // TILE_WIDTH >= len(self._parcel.names):
                raise BundleRefused(f"tile: not every entry of {where.first} to {where.last} is there")
            names.update(tile_names(where, size))
        if missing := sorted(names - self._parcel.names):
            raise BundleRefused(f"{missing[0]} is missing")
        if beyond := sorted(self._parcel.names - names):
            raise BundleRefused(f"{beyond[0]} does not belong to it")
        # Nothing here rests on the page, but whoever opens a false one believes it.
        if not is_published(self._read(PAGE, LARGEST_PAGE)):
            raise BundleRefused(f"{PAGE} is no page that this Wardkeep knows: do not open it")

    def _proof(self, one: Found, note: str, tree: Checkpoint) -> None:
        """One record is the entry that was sealed at its place."""
        name = proof_name(one.n)
        if self._read(entry_name(one.n), LARGEST_ENTRY) != one.entry:
            raise BundleRefused(f"{entry_name(one.n)}: it is not the entry of the record {tree.origin}:{one.n}")
        try:
            text = self._read(name, LARGEST_NOTE).decode()
            n, path, signed = read_proof(text)
            if n != one.n or signed != note or write_proof(n, path, signed) != text:
                raise ProofRefused("it is of another entry or another checkpoint")
            verify_inclusion(leaf=leaf_hash(one.entry), index=n, size=tree.size, proof=path, root=tree.root)
        except (UnicodeDecodeError, ProofRefused) as error:
            raise BundleRefused(f"{name}: {error}") from None

    def _range(self, query: Query, values: dict[str, str], where: Range, tree: Checkpoint, text: bytes) -> int:
        """Every entry of the range is there and sealed, and the query gives the result; how many have no body any more."""
        known = {(level, number): self._tile(level, number, width) for level, number, width in where.tiles(tree.size)}
        widths = enumerate(partial_widths(tree.size))
        edge = [known[level, tree.size >> (8 * (level + 1))] if width else [] for level, width in widths]
        if Edge(tree.size, edge).root() != tree.root:
            raise BundleRefused("tile: the right edge does not give the root that was signed")
        for (level, number), tile in known.items():
            if len(tile) == TILE_WIDTH:
                above = known.get((level + 1, number // TILE_WIDTH), [])
                if subtree_root(tile) not in above[number % TILE_WIDTH : number % TILE_WIDTH + 1]:
                    raise BundleRefused(f"{tile_path(level, number)}: it does not lead to the root that was signed")
        right = acts_in(query, values, where, self._bodies(where, tree.size, known))
        if right.text() != text:
            raise BundleRefused(f"{RESULT}: {_difference(right, text)}")
        return right.gone

    def _tile(self, level: int, number: int, width: int) -> list[bytes]:
        name = tile_path(level, number, width)
        raw = self._read(name, width * HASH)
        if len(raw) != width * HASH:
            raise BundleRefused(f"{name} has {len(raw)} bytes, not {width * HASH}")
        return [raw[i : i + HASH] for i in range(0, len(raw), HASH)]

    def _bodies(self, where: Range, size: int, tiles: dict[tuple[int, int], list[bytes]]) -> Iterator[bytes]:
        """The entries of the range, each checked against its proven leaf hash."""
        for number, width in where.bundles(size):
            name = tile_path("entries", number, width)
            try:
                bodies = unpack_bundle(self._read(name, LARGEST_BUNDLE), name)
            except LedgerError as error:
                raise BundleRefused(str(error)) from None
            if len(bodies) != width:
                raise BundleRefused(f"{name} holds {len(bodies)} entries, not {width}")
            for i, (body, leaf, known) in enumerate(zip(bodies, leaf_hashes(bodies), tiles[0, number], strict=True)):
                n = number * TILE_WIDTH + i
                if body and leaf != known:
                    raise BundleRefused(f"{name}: entry {n} is not what was sealed")
                if where.first <= n <= where.last:
                    yield body

    def _read(self, name: str, most: int) -> bytes:
        if name not in self._parcel.names:
            raise BundleRefused(f"{name} is missing")
        return self._parcel.read(name, most)


def _first_lie(said: dict[str, Any], right: dict[str, Any]) -> str:
    """The name of a field that differs."""
    for name in sorted(set(said) | set(right)):
        mine, theirs = right.get(name), said.get(name)
        if mine != theirs:
            deeper = isinstance(mine, dict) and isinstance(theirs, dict)
            return f"{name}.{_first_lie(theirs, mine)}" if deeper else name  # type: ignore[arg-type]
    return "a field"


def _difference(right: Result, text: bytes) -> str:
    """Where the result stops being what the query gives."""
    shown = text.split(b"\n")[:-1]
    for one, line in zip(right.found, shown, strict=False):
        if one.line != line:
            return f"the query keeps entry {one.n} next, and the result does not"
    if len(right.found) > len(shown):
        return f"entry {right.found[len(shown)].n} was left out"
    return "it holds records that the query does not give"
