# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of RFC 6962, section 2.1: hashes, the growing edge, and both kinds of proof."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from wardkeep.ledger.errors import ProofRefused

EMPTY_ROOT = hashlib.sha256(b"").digest()
HASH = 32
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT

#: (height, index) -> MTH of the complete subtree over leaves [index << height, (index + 1) << height)
Node = Callable[[int, int], bytes]


def leaf_hash(body: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + body).digest()


def leaf_hashes(bodies: Iterable[bytes]) -> list[bytes]:
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + body).digest() for body in bodies]


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """MTH over complete subtrees of equal height; their number is a power of two."""
    sha256, row = hashlib.sha256, hashes
    while len(row) > 1:
        row = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
    return row[0]


class Edge:
    """The right edge of a growing tree: what is needed to add leaves, cut full tiles and give the root.

    `tiles[level]` holds the hashes of the partial tile of each level (fewer than 256).
    """

    def __init__(self, size: int = 0, tiles: Sequence[Sequence[bytes]] = ()) -> None:
        """Take up a tree of `size` leaves whose partial tiles are `tiles`, level 0 first."""
        self.size = size
        self.tiles: list[list[bytes]] = [list(tile) for tile in tiles] or [[]]
        self.carry: list[bytes | None] = []
        for level, tile in enumerate(self.tiles):
            start = 0
            for bit in range(TILE_HEIGHT - 1, -1, -1):
                if len(tile) >> bit & 1:
                    self._put(level * TILE_HEIGHT + bit, subtree_root(tile[start : start + (1 << bit)]))
                    start += 1 << bit

    def extend(self, leaves: Sequence[bytes]) -> list[tuple[int, int, list[bytes]]]:
        """Add leaf hashes; return the tiles that this filled, as (level, number, 256 hashes)."""
        full: list[tuple[int, int, list[bytes]]] = []
        i = 0
        while i < len(leaves):
            if not self.tiles[0] and len(leaves) - i >= TILE_WIDTH:
                tile = list(leaves[i : i + TILE_WIDTH])
                full.append((0, self.size // TILE_WIDTH, tile))
                self.size += TILE_WIDTH
                i += TILE_WIDTH
                self._add(TILE_HEIGHT, subtree_root(tile), full)
            else:
                row = leaves[i : i + TILE_WIDTH - len(self.tiles[0])]
                self.size += len(row)
                i += len(row)
                self._fill(row, full)
        return full

    def copy(self) -> Edge:
        """Another edge at the same place, to go on from without touching this one."""
        edge = Edge.__new__(Edge)
        edge.size, edge.tiles, edge.carry = self.size, [list(tile) for tile in self.tiles], list(self.carry)
        return edge

    def root(self) -> bytes:
        """MTH of the whole tree."""
        right: bytes | None = None
        for left in self.carry:
            if left is not None:
                right = left if right is None else node_hash(left, right)
        return EMPTY_ROOT if right is None else right

    def _put(self, height: int, value: bytes) -> None:
        self.carry.extend([None] * (height + 1 - len(self.carry)))
        self.carry[height] = value

    def _fill(self, leaves: Sequence[bytes], full: list[tuple[int, int, list[bytes]]]) -> None:
        """Add leaves that fit into the partial tile, height by height: what has no partner is carried."""
        tile = self.tiles[0]
        tile.extend(leaves)
        sha256, row = hashlib.sha256, list(leaves)
        for height in range(TILE_HEIGHT):
            if not row:
                return
            if height == len(self.carry):
                self.carry.append(None)
            if (left := self.carry[height]) is not None:
                row.insert(0, left)
            self.carry[height] = row.pop() if len(row) & 1 else None
            row = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
        if row:
            self.tiles[0] = []
            full.append((0, self.size // TILE_WIDTH - 1, tile))
            self._add(TILE_HEIGHT, row[0], full)

    def _add(self, height: int, value: bytes, full: list[tuple[int, int, list[bytes]]]) -> None:
        """Carry a finished subtree upwards, as in binary addition."""
        while True:
            level, inside = divmod(height, TILE_HEIGHT)
            if inside == 0:
                if level == len(self.tiles):
                    self.tiles.append([])
                tile = self.tiles[level]
                tile.append(value)
                if len(tile) == TILE_WIDTH:
                    full.append((level, (self.size >> (TILE_HEIGHT * (level + 1))) - 1, tile))
                    self.tiles[level] = []
            if height >= len(self.carry) or self.carry[height] is None:
                self._put(height, value)
                return
            left = self.carry[height]
            assert left is not None  # noqa: S101 - narrows the type; tested one line above
            self.carry[height] = None
            value = node_hash(left, value)
            height += 1


def _split(n: int) -> int:
    """The largest power of two below n (RFC 6962: k)."""
    return 1 << ((n - 1).bit_length() - 1)


def range_root(node: Node, start: int, end: int) -> bytes:
    """MTH(D[start:end]) where `start` is a multiple of the next power of two at or above the length."""
    length = end - start
    if length == 0:
        return EMPTY_ROOT
    if length & (length - 1) == 0:
        height = length.bit_length() - 1
        return node(height, start >> height)
    k = _split(length)
    return node_hash(range_root(node, start, start + k), range_root(node, start + k, end))


def inclusion_proof(node: Node, index: int, size: int) -> list[bytes]:
    """PATH(index, D[0:size]), RFC 6962 section 2.1.1: the leaf's sibling first."""
    if not 0 <= index < size:
        raise ProofRefused(f"index {index} is not in a tree of size {size}")
    path, start, end = [], 0, size
    while end - start > 1:
        k = start + _split(end - start)
        if index < k:
            path.append(range_root(node, k, end))
            end = k
        else:
            path.append(range_root(node, start, k))
            start = k
    return path[::-1]


def consistency_proof(node: Node, old: int, new: int) -> list[bytes]:
    """PROOF(old, D[0:new]), RFC 6962 section 2.1.2."""
    if not 0 < old <= new:
        raise ProofRefused(f"no consistency proof from size {old} to size {new}")
    path: list[bytes] = []
    start, end, whole, m = 0, new, True, old
    while m != end:
        k = start + _split(end - start)
        if m <= k:
            path.append(range_root(node, k, end))
            end = k
        else:
            path.append(range_root(node, start, k))
            start, whole = k, False
    if not whole:
        path.append(range_root(node, start, end))
    return path[::-1]


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise ProofRefused unless `proof` shows the leaf hash `leaf` at `index` of the tree (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        raise ProofRefused(f"index {index} is not in a tree of size {size}")
    if len(leaf) != HASH or len(root) != HASH:
        raise ProofRefused("a leaf hash or a root has not 32 bytes")
    _refuse_odd(proof)
    fn, sn, value = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            raise ProofRefused("the inclusion proof is too long")
        if fn & 1 or fn == sn:
            value = node_hash(step, value)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = node_hash(value, step)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofRefused("the inclusion proof is too short")
    if value != root:
        raise ProofRefused("the inclusion proof leads to another root")


def verify_consistency(  # noqa: PLR0912 - the steps of the RFC, one by one
    *, old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Raise ProofRefused unless `proof` shows that the new tree extends the old one (RFC 9162, section 2.1.4.2).

    A proof from size 0 shows nothing and is refused.
    """
    if not 0 < old <= new:
        raise ProofRefused(f"no consistency from size {old} to size {new}")
    if old == new:
        if proof or old_root != new_root:
            raise ProofRefused("two trees of one size have different roots, or a proof where none belongs")
        return
    _refuse_odd(proof)
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise ProofRefused("the consistency proof is empty")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for step in path[1:]:
        if sn == 0:
            raise ProofRefused("the consistency proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(step, fr), node_hash(step, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, step)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofRefused("the consistency proof is too short")
    if fr != old_root or sr != new_root:
        raise ProofRefused("the consistency proof leads to other roots")


def _refuse_odd(proof: Sequence[bytes]) -> None:
    if any(len(step) != HASH for step in proof):
        raise ProofRefused("a hash of the proof has not 32 bytes")
