# SPDX-License-Identifier: Apache-2.0
"""Whatever is changed on disk is named by the smallest unit that can be read, and nothing else is."""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.ledger.conftest import NOON, ORIGIN, SIGNER, act, connect, event
from wardkeep.ledger import Ledger, LedgerReader, act_leaf, verify_ledger
from wardkeep.ledger.journal import read_file
from wardkeep.ledger.tiles import pack_bundle, unpack_bundle

Copy = Callable[[Path], Path]


def sealed_files(folder: Path) -> list[Path]:
    """Every file that says something."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "lock" and p.stat().st_size)


def unit_of(folder: Path, path: Path, at: int) -> tuple[set[str], str]:
    """The kinds that a problem at byte `at` of `path` may have, and where it must be."""
    name = path.relative_to(folder).as_posix()
    if name == "ledger.json":
        return {"description"}, name
    if path.suffix == ".wkj":
        offsets = [item[0] for item in read_file(path, None) if isinstance(item, tuple)]
        return {"journal"}, f"{name}@{max(o for o in offsets if o <= at)}"
    if path.name in ("checkpoint", "settled"):
        return {"checkpoint"}, name
    if "/entries/" not in name:
        return {"tile"}, name
    number = int(path.parent.name[:3] if path.parent.suffix == ".p" else path.name)
    ends = list(itertools.accumulate(2 + len(body) for body in unpack_bundle(path.read_bytes(), name)))
    entry = number * 256 + next(i for i, end in enumerate(ends) if at < end)
    return ({"bundle"}, name) if is_older(path) else ({"entry"}, f"2026:{entry}")


def is_older(path: Path) -> bool:
    """Whether a larger partial tile, or the full one, lies beside this one, so that no reader needs it."""
    if path.parent.suffix != ".p":
        return False
    return path.parent.with_suffix("").exists() or int(path.name) < max(int(p.name) for p in path.parent.iterdir())


def edits(folder: Path, count: int, seed: int) -> Iterator[tuple[Path, int, int]]:
    """Random single-byte edits, spread over the files evenly: path, offset, what is added."""
    dice, files = random.Random(seed), sealed_files(folder)
    for i in range(count):
        path = files[i % len(files)]
        yield path, dice.randrange(path.stat().st_size), dice.randrange(1, 256)


@pytest.fixture
def edited(filled: Path, copy_of: Copy) -> Iterator[tuple[Path, Path]]:
    copy = copy_of(filled)
    yield filled, copy
    shutil.rmtree(copy)


def test_a_whole_ledger_has_no_problem_and_counts_every_entry(filled: Path) -> None:
    report = verify_ledger(filled, vkey=LedgerReader(filled).vkey("2026"))
    assert (report.problems, report.notes) == ([], [])
    assert report.size == report.intact == 701
    assert report.expunged == 0


def test_each_of_600_random_edits_is_named_by_its_unit_and_no_other(edited: tuple[Path, Path]) -> None:
    whole, copy = edited
    for path, at, add in edits(whole, 600, seed=20260302):
        target = copy / path.relative_to(whole)
        raw = bytearray(path.read_bytes())
        raw[at] = (raw[at] + add) % 256
        target.write_bytes(bytes(raw))
        found = verify_ledger(copy)
        kinds, where = unit_of(whole, path, at)
        what = f"{path.relative_to(whole)} byte {at} + {add}: {found.problems}"
        assert found.problems, what
        assert {p.where for p in found.problems} == {where}, what
        assert {p.kind for p in found.problems} <= kinds, what
        lost = 1 if kinds == {"entry"} else 0
        assert found.intact == (701 - lost if found.size else 0), what
        target.write_bytes(path.read_bytes())


def test_a_file_that_is_removed_is_missed(edited: tuple[Path, Path]) -> None:
    whole, copy = edited
    for path in sealed_files(whole):
        name = path.relative_to(whole).as_posix()
        (copy / name).unlink()
        problems = verify_ledger(copy).problems
        if name.endswith("/settled") or is_older(path):
            assert problems == []  # older than what readers ask for; the journal goes back to the beginning
        else:
            named = name if path.suffix != ".wkj" else "journal/2026"
            assert any(p.where.startswith(named) for p in problems), (name, problems)
        (copy / name).write_bytes(path.read_bytes())


def test_a_file_that_is_cut_or_longer_is_named(edited: tuple[Path, Path]) -> None:
    whole, copy = edited
    for path in sealed_files(whole):
        raw, name = path.read_bytes(), path.relative_to(whole).as_posix()
        for changed in (raw[:-1], raw[: len(raw) // 2], b"", raw + b"\0", raw + raw[-40:]):
            (copy / name).write_bytes(changed)
            found = verify_ledger(copy)
            if path.suffix == ".wkj" and changed.startswith(raw):
                assert found.ok  # what a crash leaves behind the last record; the next start cuts it
                assert name in found.notes[0]
                continue
            named = {p.where.split("@")[0] for p in found.problems}
            if "/entries/" in name and ".p" not in name:
                # an entry that is wrong is named itself, the rest by their bundle
                named = {w if not w.startswith("2026:") else name for w in named}
            assert len(found.problems) > 0, (name, len(changed))
            assert any(name in w or w in name or w.startswith("2026:") for w in named), (name, found.problems)
        (copy / name).write_bytes(raw)


def test_a_tile_and_its_bundle_damaged_at_once_are_both_named(edited: tuple[Path, Path]) -> None:
    _, copy = edited
    tile, bundle = copy / "logs/2026/tile/0/001", copy / "logs/2026/tile/entries/001"
    for path, at in ((tile, 32 * 9 + 5), (bundle, 35 * 3 + 10)):
        raw = bytearray(path.read_bytes())
        raw[at] ^= 1
        path.write_bytes(bytes(raw))
    hurt = next(i for i, end in enumerate(ends_of(bundle)) if end > 35 * 3 + 10)
    assert {(p.kind, p.where) for p in verify_ledger(copy).problems} == {
        ("tile", "logs/2026/tile/0/001"),
        ("entry", f"2026:{256 + hurt}"),
    }


def ends_of(bundle: Path) -> list[int]:
    return list(itertools.accumulate(2 + len(body) for body in unpack_bundle(bundle.read_bytes(), "")))


def test_an_entry_and_its_leaf_hash_forged_together_are_found_by_the_tile_above(edited: tuple[Path, Path]) -> None:
    from wardkeep.ledger.tree import leaf_hash

    _, copy = edited
    tile, bundle = copy / "logs/2026/tile/0/000", copy / "logs/2026/tile/entries/000"
    bodies = unpack_bundle(bundle.read_bytes(), "")
    bodies[7] = event(99999)
    bundle.write_bytes(pack_bundle(bodies))
    raw = bytearray(tile.read_bytes())
    raw[7 * 32 : 8 * 32] = leaf_hash(bodies[7])
    tile.write_bytes(bytes(raw))
    report = verify_ledger(copy)
    assert ("bundle", "logs/2026/tile/entries/000") in {(p.kind, p.where) for p in report.problems}
    assert report.intact == 701 - 256
    # The journal still has what was sealed, and says which entry it is.
    assert any("entry 2026:7 differs" in p.detail for p in report.problems)


def test_the_whole_tree_forged_without_the_key_is_found_at_the_root(edited: tuple[Path, Path], tmp_path: Path) -> None:
    """Another log of the same size, written by somebody with another key, under the true checkpoint."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    _, copy = edited
    forger = Ed25519PrivateKey.generate()
    Ledger.create(tmp_path / "forged", origin=ORIGIN, signer=forger, at=NOON)
    with connect(tmp_path / "forged", signer=forger) as ledger:
        ledger.append("intake:hospital", 0, [event(-i % 2**32) for i in range(700)])
    checkpoint = (copy / "logs/2026/checkpoint").read_bytes()
    for name in ("logs", "journal"):
        shutil.rmtree(copy / name)
        shutil.copytree(tmp_path / "forged" / name, copy / name)
    assert {p.kind for p in verify_ledger(copy).problems} >= {"checkpoint", "journal"}
    (copy / "logs/2026/checkpoint").write_bytes(checkpoint)
    assert {p.kind for p in verify_ledger(copy).problems} >= {"root", "journal"}


def test_another_key_than_the_trusted_one_is_refused(filled: Path, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    forger = Ed25519PrivateKey.generate()
    Ledger.create(tmp_path / "forged", origin=ORIGIN, signer=forger, at=NOON)
    assert verify_ledger(tmp_path / "forged").ok  # whole in itself
    vkey = LedgerReader(filled).vkey("2026")
    assert [p.kind for p in verify_ledger(tmp_path / "forged", vkey=vkey).problems] == ["key"]


def test_a_body_that_is_gone_is_missing_or_expunged_by_what_an_act_says(edited: tuple[Path, Path]) -> None:
    _, copy = edited
    with connect(copy) as ledger:
        allowed = act_leaf(
            {"act": "ledger:entries:expunged", "facts": {"entries": [["2026", 20, 24], ["2025", 0, 99]]}}
        )
        ledger.append("life-1", 8, [allowed])
    assert verify_ledger(copy).ok
    before = LedgerReader(copy).proof("2026", 21)
    bundle = copy / "logs/2026/tile/entries/000"
    bodies = unpack_bundle(bundle.read_bytes(), "")
    for i in (21, 22, 30):
        bodies[i] = b""
    bundle.write_bytes(pack_bundle(bodies))
    shutil.rmtree(copy / "logs/2026/tile/entries/000.p", ignore_errors=True)
    report = verify_ledger(copy)
    assert report.expunged == 2
    assert [(p.kind, p.where) for p in report.problems] == [("missing", "2026:30")]
    assert report.size == report.intact + report.expunged + 1
    assert LedgerReader(copy).proof("2026", 21) == before  # the leaf hash stays, and with it the proof


def test_a_log_whose_files_are_all_gone_is_read_from_its_journal_or_named(edited: tuple[Path, Path]) -> None:
    """The newest log may have been begun before a crash; one that was settled was not."""
    _, copy = edited
    shutil.rmtree(copy / "logs/2026/tile")
    (copy / "logs/2026/checkpoint").unlink()
    assert verify_ledger(copy).problems != []  # `settled` is there
    (copy / "logs/2026/settled").unlink()
    report = verify_ledger(copy)
    assert report.problems == []
    assert "701 entries are in the journal and not yet published" in report.notes[0]
    assert report.intact == 701
    (copy / "logs/2027").mkdir()  # now it is no longer the newest
    assert {p.where for p in verify_ledger(copy).problems} >= {"logs/2026/checkpoint"}


def test_a_stray_file_is_named(edited: tuple[Path, Path]) -> None:
    _, copy = edited
    for name in (
        "logs/2026/tile/0/777",
        "logs/2026/tile/0/x001/000",
        "logs/2026/notes.txt",
        "logs/2026/tile/9/000.p/4",
    ):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(bytes(8192))
        assert [(p.kind, p.where) for p in verify_ledger(copy).problems] == [("stray", name)]
        (copy / name).unlink()


def test_records_of_the_journal_cannot_be_exchanged_or_left_out(edited: tuple[Path, Path]) -> None:
    _, copy = edited
    (path,) = (copy / "journal/2026").glob("*.wkj")
    raw = path.read_bytes()
    starts = [item[0] for item in read_file(path, None) if isinstance(item, tuple)]
    bounds = list(itertools.pairwise([*starts, len(raw)]))
    for forged in (
        [*bounds[:3], bounds[4], bounds[3], *bounds[5:]],  # exchanged
        [*bounds[:3], *bounds[4:]],  # left out
        [*bounds[:4], *bounds[3:]],  # repeated
    ):
        path.write_bytes(b"".join(raw[a:b] for a, b in forged))
        assert [p.kind for p in verify_ledger(copy).problems][:1] == ["journal"]
    path.write_bytes(raw[: starts[-1]])
    assert [(p.kind, p.where) for p in verify_ledger(copy).problems] == [("journal", "journal/2026")]


def test_a_checkpoint_of_an_older_size_put_back_is_a_note_and_the_entries_still_count(
    edited: tuple[Path, Path],
) -> None:
    """It is also what a crash leaves; the journal has the newer signed state."""
    _, copy = edited
    (copy / "logs/2026/checkpoint").write_bytes((copy / "logs/2026/settled").read_bytes())
    report = verify_ledger(copy)
    assert report.ok
    assert "not yet published" in report.notes[0]
    assert report.size == report.intact == 701


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three levels of tiles: more than 65,536 entries."""
    folder = tmp_path_factory.mktemp("large") / "ledger"
    Ledger.create(folder, origin=ORIGIN, signer=SIGNER, at=NOON)
    with connect(folder) as ledger:
        ledger.append("intake:hospital", 0, [event(i) for i in range(66_000)])
        ledger.append("life-1", 0, [act(1)])
    return folder


@pytest.mark.parametrize(
    ("name", "at", "where", "kind"),
    [
        ("tile/0/000", 100, None, "tile"),
        ("tile/0/255", 8191, None, "tile"),
        ("tile/0/257.p/210", 5, None, "tile"),
        ("tile/1/000", 8000, None, "tile"),
        ("tile/1/001.p/1", 31, None, "tile"),
        ("tile/2/000.p/1", 0, None, "tile"),
        ("tile/entries/017", 35 * 4 + 1, "2026:4356", "entry"),  # a length
        ("tile/entries/017", 35 * 4, "2026:4356", "entry"),  # a length, by 256 times
        ("tile/entries/017", 35 * 4 + 2, "2026:4356", "entry"),  # the version of a leaf
        ("tile/entries/257.p/210", 35 * 4 + 9, "2026:65796", "entry"),
    ],
)
def test_damage_at_any_level_of_a_large_tree_is_named(
    large: Path, name: str, at: int, where: str | None, kind: str
) -> None:
    path = large / "logs/2026" / name
    raw = path.read_bytes()
    try:
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 64]) + raw[at + 1 :])
        report = verify_ledger(large)
    finally:
        path.write_bytes(raw)
    assert [(p.kind, p.where) for p in report.problems] == [(kind, where or f"logs/2026/{name}")]
    assert report.intact == 66_002 - (kind == "entry")


@pytest.mark.soak
def test_each_of_20000_random_edits_is_named(edited: tuple[Path, Path]) -> None:
    whole, copy = edited
    for path, at, add in edits(whole, 20_000, seed=7):
        target = copy / path.relative_to(whole)
        raw = bytearray(path.read_bytes())
        raw[at] = (raw[at] + add) % 256
        target.write_bytes(bytes(raw))
        _, where = unit_of(whole, path, at)
        found = verify_ledger(copy)
        assert where in {p.where for p in found.problems}, (path, at, add, found.problems)
        target.write_bytes(path.read_bytes())
