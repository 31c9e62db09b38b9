# SPDX-License-Identifier: Apache-2.0
"""The sealed file: what was written comes back, anything else is refused and named by its chunk."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from wardkeep.keys import SealedError, read_sealed, sealed_memfd, write_sealed
from wardkeep.keys.sealed import CHUNK, HEADER, TAG

KEK = bytes(range(32))
WHOLE = CHUNK + TAG
THREE = os.urandom(2 * CHUNK + 100)


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    path = tmp_path / "segment"
    write_sealed(path, THREE, kek=KEK, aad=b"segment 1")
    return path


def rewrite(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)


def refusal(path: Path, *, kek: bytes = KEK, aad: bytes = b"segment 1") -> SealedError:
    with pytest.raises(SealedError) as refused:
        read_sealed(path, kek=kek, aad=aad)
    assert str(path) in str(refused.value)
    return refused.value


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_what_was_sealed_is_read_whole(tmp_path: Path, size: int) -> None:
    plaintext = os.urandom(size)
    write_sealed(tmp_path / "f", plaintext, kek=KEK, aad=b"a")
    assert read_sealed(tmp_path / "f", kek=KEK, aad=b"a") == plaintext
    descriptor = sealed_memfd(tmp_path / "f", kek=KEK, aad=b"a")
    try:
        assert Path(f"/proc/self/fd/{descriptor}").read_bytes() == plaintext
    finally:
        os.close(descriptor)


def test_the_same_plaintext_is_never_sealed_into_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        write_sealed(tmp_path / name, b"x" * 100, kek=KEK, aad=b"")
    one, two = ((tmp_path / name).read_bytes() for name in "ab")
    assert one[4:16] != two[4:16]
    assert one[HEADER:] != two[HEADER:]


def test_another_key_or_another_place_does_not_open_it(sealed: Path) -> None:
    assert refusal(sealed, kek=bytes(32)).chunk is None
    assert refusal(sealed, aad=b"segment 2").chunk is None


def test_each_edited_byte_is_named_by_its_chunk(sealed: Path) -> None:
    raw, dice = sealed.read_bytes(), random.Random(1)
    for at in [0, 3, 4, HEADER - 1, HEADER, len(raw) - 1, *(dice.randrange(len(raw)) for _ in range(24))]:
        edited = bytearray(raw)
        edited[at] ^= 1 << dice.randrange(8)
        rewrite(sealed, bytes(edited))
        assert refusal(sealed).chunk == (None if at < HEADER else (at - HEADER) // WHOLE), at


@pytest.mark.parametrize(
    ("name", "cut", "chunk"),
    [
        ("to nothing", lambda raw: b"", None),
        ("inside the header", lambda raw: raw[:40], None),
        ("behind the header", lambda raw: raw[:HEADER], 0),
        ("at a chunk's end", lambda raw: raw[: HEADER + WHOLE], 0),
        ("at the second chunk's end", lambda raw: raw[: HEADER + 2 * WHOLE], 1),
        ("inside the last chunk", lambda raw: raw[:-1], 2),
        ("with a byte more", lambda raw: raw + b"\0", 2),
        ("with a chunk more", lambda raw: raw + bytes(WHOLE), 2),
        ("first and second exchanged", lambda raw: swap(raw, 0, 1), 0),
        ("first repeated", lambda raw: raw[: HEADER + WHOLE] + raw[HEADER:], 1),
        ("first left out", lambda raw: raw[:HEADER] + raw[HEADER + WHOLE :], 0),
    ],
)
def test_cut_moved_and_added_chunks_are_refused(sealed: Path, name: str, cut: object, chunk: int | None) -> None:
    rewrite(sealed, cut(sealed.read_bytes()))  # type: ignore[operator]
    assert refusal(sealed).chunk == chunk, name


def swap(raw: bytes, i: int, j: int) -> bytes:
    chunks = [raw[HEADER + k * WHOLE : HEADER + (k + 1) * WHOLE] for k in range(3)]
    chunks[i], chunks[j] = chunks[j], chunks[i]
    return raw[:HEADER] + b"".join(chunks)


def test_a_chunk_of_another_file_under_the_same_key_is_refused(sealed: Path, tmp_path: Path) -> None:
    write_sealed(tmp_path / "other", THREE, kek=KEK, aad=b"segment 1")
    raw, other = sealed.read_bytes(), (tmp_path / "other").read_bytes()
    rewrite(sealed, raw[: HEADER + WHOLE] + other[HEADER + WHOLE :])
    assert refusal(sealed).chunk == 1


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sealed.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_sealed(sealed, b"new", kek=KEK, aad=b"segment 1")
    assert sealed.read_bytes() == before
    assert [p.name for p in sealed.parent.iterdir()] == ["segment"]


def test_only_the_owner_can_read_a_sealed_file(sealed: Path) -> None:
    assert sealed.stat().st_mode & 0o077 == 0


def test_a_refused_file_leaves_no_descriptor_open(sealed: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    rewrite(sealed, sealed.read_bytes()[:-1])
    with pytest.raises(SealedError):
        sealed_memfd(sealed, kek=KEK, aad=b"segment 1")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
