# SPDX-License-Identifier: Apache-2.0
"""Roots and proofs that are read from tiles, of the present size and of every earlier one, are those of RFC 6962."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.ledger import model
from wardkeep.ledger.entry import Receipt
from wardkeep.ledger.log import Log
from wardkeep.ledger.stage import Request
from wardkeep.ledger.tiles import TileFolder
from wardkeep.ledger.tree import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    range_root,
    verify_consistency,
    verify_inclusion,
)

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIZE = 1400
ENTRIES = [n.to_bytes(3, "big") * (1 + n % 5) for n in range(SIZE)]
#: Where the shape of tree or tiles changes.
EDGES = [1, 2, 3, 255, 256, 257, 511, 512, 513, 767, 768, 1023, 1024, 1025, 1279, 1280, 1281, SIZE]
sizes = st.one_of(st.integers(1, SIZE), st.sampled_from(EDGES))


def grown(folder: Path, entries: list[bytes], seed: int) -> TileFolder:
    """The tiles of a log that grew by leaps of any length, published after each."""
    log = Log(folder / "log", folder / "journal", name="2026", origin="x.example/2026", signer=SIGNER)
    dice, seq = random.Random(seed), 0
    while log.size < len(entries):
        leap = dice.choice((1, 2, 7, 100, 255, 256, 257, 600))
        (receipt,) = log.commit([Request("p", seq, entries[log.size : log.size + leap])])
        assert isinstance(receipt, Receipt)
        log.publish()
        seq += 1
    log.close()
    return TileFolder(folder / "log")


@pytest.fixture(scope="module", params=[1, 2])
def tiles(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TileFolder:
    return grown(tmp_path_factory.mktemp("log"), ENTRIES, request.param)


@given(sizes)
def test_the_root_of_every_size_is_the_recursive_one(tiles: TileFolder, size: int) -> None:
    assert range_root(tiles.node(SIZE), 0, size) == model.mth(ENTRIES[:size])


@settings(max_examples=60)
@given(sizes, st.data())
def test_a_path_from_the_tiles_is_the_recursive_one(tiles: TileFolder, size: int, data: st.DataObject) -> None:
    index, d = data.draw(st.integers(0, size - 1)), ENTRIES[:size]
    found = inclusion_proof(tiles.node(SIZE), index, size)
    assert found == model.path(index, d)
    verify_inclusion(leaf=leaf_hash(d[index]), index=index, size=size, proof=found, root=model.mth(d))


@settings(max_examples=60)
@given(sizes, st.data())
def test_a_consistency_proof_from_the_tiles_is_the_recursive_one(
    tiles: TileFolder, new: int, data: st.DataObject
) -> None:
    old = data.draw(st.one_of(st.integers(1, new), st.sampled_from([size for size in EDGES if size <= new])))
    found = consistency_proof(tiles.node(SIZE), old, new)
    assert found == model.proof(old, ENTRIES[:new])
    roots = {"old_root": model.mth(ENTRIES[:old]), "new_root": model.mth(ENTRIES[:new])}
    verify_consistency(old=old, new=new, proof=found, **roots)


@settings(max_examples=40)
@given(st.integers(0, 10), st.data())
def test_the_root_of_any_aligned_range_is_that_of_its_entries(
    tiles: TileFolder, height: int, data: st.DataObject
) -> None:
    """MTH(D[start:end]) for every range that a proof can ask for."""
    start = data.draw(st.integers(0, (SIZE - 1) >> height)) << height
    end = data.draw(st.integers(start, min(SIZE, start + (1 << height))))
    assert range_root(tiles.node(SIZE), start, end) == model.mth(ENTRIES[start:end])


def test_nothing_has_the_root_of_nothing(tiles: TileFolder) -> None:
    assert range_root(tiles.node(SIZE), 0, 0) == EMPTY_ROOT == model.mth([])


def test_around_the_second_level_of_tiles_it_is_the_same(tmp_path: Path) -> None:
    entries = [n.to_bytes(3, "big") for n in range(66_000)]
    folder = grown(tmp_path, entries, 3)
    node = folder.node(66_000)
    for old, new in ((65_535, 65_536), (65_536, 65_537), (1, 66_000), (65_536, 66_000), (40_000, 65_999)):
        assert range_root(node, 0, new) == model.mth(entries[:new])
        assert consistency_proof(node, old, new) == model.proof(old, entries[:new])
        for index in (0, old - 1, new - 1):
            assert inclusion_proof(node, index, new) == model.path(index, entries[:new])
