# SPDX-License-Identifier: Apache-2.0
"""Files lie where C2SP tlog-tiles says, with the bytes that it says, at each size that a log passes through."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ledger import model
from wardkeep.ledger.errors import LedgerDamaged
from wardkeep.ledger.log import Log, Request
from wardkeep.ledger.tiles import TileFolder, number_path, pack_bundle, tile_path, unpack_bundle

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.mark.parametrize(
    ("number", "path"),
    [
        (0, "000"),
        (7, "007"),
        (999, "999"),
        (1000, "x001/000"),
        (1_234_067, "x001/x234/067"),
        (10**9, "x001/x000/x000/000"),
    ],
)
def test_a_number_is_a_path_of_three_digits_each(number: int, path: str) -> None:
    assert number_path(number) == path


def test_partial_tiles_and_bundles_have_their_width_in_the_path() -> None:
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tile_path(1, 5, 17) == "tile/1/005.p/17"
    assert tile_path("entries", 0, 1) == "tile/entries/000.p/1"


entries = st.lists(st.binary(max_size=300), max_size=40) | st.integers(0, 40).flatmap(
    lambda size: st.lists(st.binary(min_size=size, max_size=size), max_size=40)
)


@given(entries)
def test_a_bundle_is_each_entry_after_its_length(bodies: list[bytes]) -> None:
    raw = pack_bundle(bodies)
    assert raw == b"".join(len(body).to_bytes(2, "big") + body for body in bodies)
    assert unpack_bundle(raw, "x") == bodies


@given(st.binary(max_size=60))
def test_what_is_no_bundle_is_refused_and_what_is_one_is_read_whole(raw: bytes) -> None:
    try:
        bodies = unpack_bundle(raw, "tile/entries/000")
    except LedgerDamaged as error:
        assert str(error).startswith("tile/entries/000 ends inside")
    else:
        assert pack_bundle(bodies) == raw


def test_the_longest_entry_fits_its_length() -> None:
    assert unpack_bundle(pack_bundle([b"a" * 65_535, b"b"]), "x") == [b"a" * 65_535, b"b"]


def body(n: int) -> bytes:
    """Lengths differ, so that no bundle is read by the short way alone."""
    return n.to_bytes(4, "big") + b"." * (n % 3)


def read(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def expected(d: list[bytes]) -> dict[str, bytes]:
    """Every tile and bundle that a tree of these entries has, from the definition."""
    found, level = {}, 0
    while True:
        count = len(d) // 256**level
        for number in range(-(-count // 256)):
            width = min(256, count - number * 256)
            found[tile_path(level, number, width)] = b"".join(model.tile(level, number, d))
            if level == 0:
                found[tile_path("entries", number, width)] = pack_bundle(d[number * 256 : number * 256 + width])
        if count < 256:
            return found
        level += 1


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "log", tmp_path / "journal", name="2026", origin="x.example/2026", signer=SIGNER)


class Numbered:
    """Appends under dense numbers and publishes at given sizes."""

    def __init__(self, log: Log) -> None:
        self.log, self.seq = log, 0

    def to(self, size: int) -> None:
        (receipt,) = self.log.commit([Request("p", self.seq, [body(n) for n in range(self.log.size, size)])])
        assert not isinstance(receipt, Exception)
        self.seq += 1
        self.log.publish()


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513])
def test_the_files_of_a_small_log_are_those_of_the_definition(log: Log, tmp_path: Path, size: int) -> None:
    Numbered(log).to(size)
    files = read(tmp_path / "log")
    del files["checkpoint"]
    assert files == expected([body(n) for n in range(size)])


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_the_files_around_the_second_level_are_those_of_the_definition(log: Log, tmp_path: Path, size: int) -> None:
    Numbered(log).to(size)
    files = read(tmp_path / "log")
    del files["checkpoint"]
    assert files == expected([body(n) for n in range(size)])


def test_parts_of_every_published_size_stay_until_their_tile_is_full(log: Log, tmp_path: Path) -> None:
    """A client that holds an older checkpoint must be able to read its tree."""
    grower = Numbered(log)
    for size in (3, 200, 255):
        grower.to(size)
    d = [body(n) for n in range(600)]
    for size in (3, 200, 255):
        files = read(tmp_path / "log")
        assert expected(d[:size]).items() <= files.items()
    grower.to(600)
    files = read(tmp_path / "log")
    assert [name for name in files if name.startswith(("tile/0/000.p", "tile/entries/000.p"))] == []
    assert expected(d).items() <= files.items()


def test_a_reader_of_an_older_size_takes_the_full_tile_where_its_part_is_gone(log: Log, tmp_path: Path) -> None:
    grower = Numbered(log)
    for size in (100, 700):
        grower.to(size)
    tiles = TileFolder(tmp_path / "log")
    d = [body(n) for n in range(700)]
    assert tiles.tile(0, 0, 100) == model.tile(0, 0, d)[:100]
    assert tiles.bundle(0, 100) == d[:100]


@pytest.mark.parametrize(
    ("change", "why"), [(b"", "has 0 bytes"), (None, "is missing"), (bytes(8191), "has 8191 bytes")]
)
def test_a_tile_that_is_missing_or_cut_is_named(log: Log, tmp_path: Path, change: bytes | None, why: str) -> None:
    Numbered(log).to(300)
    path = tmp_path / "log/tile/0/000"
    path.unlink() if change is None else path.write_bytes(change)
    with pytest.raises(LedgerDamaged, match=f"tile/0/000 {why}"):
        TileFolder(tmp_path / "log").tile(0, 0, 256)
