# SPDX-License-Identifier: Apache-2.0
"""The tree and its proofs are those of RFC 6962, whatever the size and however it grew."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ledger import model
from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.tiles import partial_widths
from wardkeep.ledger.tree import (
    EMPTY_ROOT,
    Edge,
    Node,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    range_root,
    subtree_root,
    verify_consistency,
    verify_inclusion,
)

bodies = st.lists(st.binary(max_size=8), max_size=70)
#: Sizes at which a proof's shape changes: around powers of two, and anything else.
sizes = st.one_of(st.integers(1, 40), st.sampled_from([63, 64, 65, 127, 128, 129, 255, 256, 257, 300]))


def entries(size: int) -> list[bytes]:
    return [n.to_bytes(4, "big") for n in range(size)]


def node_of(leaves: Sequence[bytes]) -> Node:
    """Complete subtrees, straight from the leaves."""

    def node(height: int, index: int) -> bytes:
        found = leaves[index << height : (index + 1) << height]
        assert len(found) == 1 << height, "a subtree was asked for that the tree does not have whole"
        return subtree_root(found)

    return node


@given(bodies)
def test_the_root_is_the_recursive_one(d: list[bytes]) -> None:
    edge = Edge()
    edge.extend(leaf_hashes(d))
    assert edge.root() == model.mth(d) == range_root(node_of(leaf_hashes(d)), 0, len(d))


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert Edge().root() == EMPTY_ROOT == model.mth([])


@given(st.data())
def test_a_tree_is_the_same_in_whatever_steps_it_grew(data: st.DataObject) -> None:
    steps = data.draw(st.lists(st.integers(0, 600), max_size=6))
    at, edge, full = 0, Edge(), []
    for step in steps:
        full += edge.extend(leaf_hashes(entries(at + step)[at:]))
        at += step
        whole = Edge()
        at_once = whole.extend(leaf_hashes(entries(at)))
        assert (edge.root(), edge.tiles, edge.size) == (whole.root(), whole.tiles, at)
        assert sorted(full) == sorted(at_once)
        # Taken up from its partial tiles it is the same again.
        again = Edge(at, edge.tiles)
        assert again.root() == edge.root()


@given(st.integers(0, 700), st.integers(0, 700))
def test_a_copy_grows_without_its_original(size: int, more: int) -> None:
    edge = Edge()
    edge.extend(leaf_hashes(entries(size)))
    before = edge.root()
    edge.copy().extend(leaf_hashes(entries(more)))
    assert edge.root() == before
    edge.extend(leaf_hashes(entries(size + more)[size:]))
    assert edge.root() == grown(size + more).root()


def grown(size: int) -> Edge:
    edge = Edge()
    edge.extend(leaf_hashes(entries(size)))
    return edge


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000])
def test_tiles_are_those_of_the_specification(size: int) -> None:
    """Byte by byte: full ones as they fill, partial ones at the edge (70,000 is the specification's own example)."""
    d, edge = entries(size), Edge()
    full = edge.extend(leaf_hashes(d))
    counted = {level: sum(1 for at, _, _ in full if at == level) for level in range(3)}
    assert [counted[level] for level in range(3)] == [size // 256, size // 65_536, 0]
    for level, number, hashes in full[:2] + full[-2:]:
        assert hashes == model.tile(level, number, d)
    widths = partial_widths(size)
    assert [len(tile) for tile in edge.tiles][: len(widths)] == widths
    for level, width in enumerate(widths):
        assert edge.tiles[level] == model.tile(level, size >> (8 * (level + 1)), d)[:width]


def test_the_specification_s_example_of_widths() -> None:
    assert partial_widths(70_000) == [112, 17, 1]
    assert partial_widths(256) == [0, 1]
    assert partial_widths(0) == [0]


@given(sizes, st.data())
def test_an_inclusion_proof_is_the_recursive_one_and_holds(size: int, data: st.DataObject) -> None:
    index, d = data.draw(st.integers(0, size - 1)), entries(size)
    found = inclusion_proof(node_of(leaf_hashes(d)), index, size)
    assert found == model.path(index, d)
    verify_inclusion(leaf=leaf_hash(d[index]), index=index, size=size, proof=found, root=model.mth(d))


@given(sizes, st.data())
def test_a_consistency_proof_is_the_recursive_one_and_holds(new: int, data: st.DataObject) -> None:
    old, d = data.draw(st.integers(1, new)), entries(new)
    found = consistency_proof(node_of(leaf_hashes(d)), old, new)
    assert found == model.proof(old, d)
    verify_consistency(old=old, new=new, proof=found, old_root=model.mth(d[:old]), new_root=model.mth(d))


@given(sizes, st.data())
def test_an_inclusion_proof_of_anything_else_is_refused(size: int, data: st.DataObject) -> None:
    index, d = data.draw(st.integers(0, size - 1)), entries(size)
    good: dict[str, object] = {
        "leaf": leaf_hash(d[index]),
        "index": index,
        "size": size,
        "proof": model.path(index, d),
        "root": model.mth(d),
    }
    changed = dict(good)
    what = data.draw(st.sampled_from(["leaf", "index", "root", "step", "shorter", "longer", "exchanged"]))
    path = list(model.path(index, d))
    if what in ("leaf", "root"):
        changed[what] = flipped(good[what], data)
    elif what == "index":
        changed["index"] = data.draw(st.integers(-2, size + 2).filter(lambda other: other != index))
    elif what == "step" and path:
        at = data.draw(st.integers(0, len(path) - 1))
        path[at] = flipped(path[at], data)
    elif what == "shorter" and path:
        del path[data.draw(st.integers(0, len(path) - 1))]
    elif what == "exchanged" and len(path) > 1:
        path.reverse()
    else:
        path.insert(data.draw(st.integers(0, len(path))), bytes(32))
    changed["proof"] = path
    if changed == good:
        return
    with pytest.raises(ProofRefused):
        verify_inclusion(**changed)  # type: ignore[arg-type]


@given(sizes, st.data())
def test_a_consistency_proof_of_anything_else_is_refused(new: int, data: st.DataObject) -> None:
    old, d = data.draw(st.integers(1, new)), entries(new)
    path, roots = model.proof(old, d), {"old_root": model.mth(d[:old]), "new_root": model.mth(d)}
    what = data.draw(st.sampled_from(["old_root", "new_root", "step", "shorter", "longer"]))
    if what in roots:
        roots[what] = flipped(roots[what], data)
    elif what == "step" and path:
        at = data.draw(st.integers(0, len(path) - 1))
        path[at] = flipped(path[at], data)
    elif what == "shorter" and path:
        path.pop(data.draw(st.integers(0, len(path) - 1)))
    else:
        path.insert(data.draw(st.integers(0, len(path))), bytes(32))
    with pytest.raises(ProofRefused):
        verify_consistency(old=old, new=new, proof=path, **roots)


def flipped(value: object, data: st.DataObject) -> bytes:
    raw = bytearray(value)  # type: ignore[call-overload]
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    return bytes(raw)


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 5), (-1, 5), (6, 5)])
def test_no_consistency_from_nothing_or_backwards(old: int, new: int) -> None:
    """A proof from size 0 would show nothing, so an empty one is refused too."""
    d = entries(5)
    with pytest.raises(ProofRefused):
        consistency_proof(node_of(leaf_hashes(d)), old, new)
    with pytest.raises(ProofRefused):
        verify_consistency(
            old=old, new=new, proof=[], old_root=model.mth(d[: max(old, 0)]), new_root=model.mth(d[:new])
        )


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_no_proof_of_an_index_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ProofRefused):
        inclusion_proof(node_of(leaf_hashes(entries(size))), index, size)


def test_a_step_of_another_length_than_a_hash_is_refused() -> None:
    """Else the boundary between left and right could be moved."""
    d = entries(2)
    for step in (leaf_hash(d[1])[:31], leaf_hash(d[1]) + b"\0", b""):
        with pytest.raises(ProofRefused, match="32 bytes"):
            verify_inclusion(leaf=leaf_hash(d[0]), index=0, size=2, proof=[step], root=model.mth(d))


def test_ten_thousand_random_proofs_hold_and_fit_no_neighbour() -> None:
    """0 false rejects, 0 false accepts."""
    dice, d = random.Random(6962), entries(1200)
    leaves = leaf_hashes(d)
    node, roots = node_of(leaves), [grown(n).root() if n % 97 == 0 else None for n in range(1201)]
    known = [n for n, root in enumerate(roots) if root and n > 1]
    for _ in range(10_000):
        size = dice.choice(known)
        index = dice.randrange(size)
        found, root = inclusion_proof(node, index, size), roots[size]
        assert root is not None
        verify_inclusion(leaf=leaves[index], index=index, size=size, proof=found, root=root)
        other = (index + dice.randrange(1, size)) % size
        with pytest.raises(ProofRefused):
            verify_inclusion(leaf=leaves[index], index=other, size=size, proof=found, root=root)
