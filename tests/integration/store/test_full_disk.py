# SPDX-License-Identifier: Apache-2.0
"""A disk that is full: the session says so and loses nothing, and the same command goes on when there is room."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.store.taking import Takers, a_file
from tests.integration.store.test_crash import calls_of, expect_sound, expect_whole, takers  # noqa: F401
from tests.stored import NOON, Kept, Load
from wardkeep.ledger import LedgerUnavailable
from wardkeep.watch.store import StoreFull, intake

COUNT, FLUSH = 2000, 1000


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size`."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def take_in(kept: Kept) -> None:
    """What `taking.take_in` does, here."""
    import pyarrow as pa

    from tests.unit.store.test_context import patient
    from wardkeep.watch.store.context import schema_of

    table = pa.Table.from_pylist([patient(str(n), "Li") for n in range(200)], schema=schema_of("patients"))
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON) as session:
        session.context(Load(name="patients", table=table))
        session.file(a_file(COUNT))


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "FLUSH", FLUSH)


def test_a_file_that_cannot_grow_is_named_and_the_next_run_goes_on(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept")
    # SQLite's words for the manifest, then the system's: for a sealed file or for the ledger's journal.
    for size, said in ((16_000, "disk I/O error"), (45_000, "File too large")):
        with largest_file(size), pytest.raises((StoreFull, LedgerUnavailable), match=said) as refused:
            take_in(kept)
        assert refused.value.exit_status == 3
        expect_sound(kept)
    take_in(kept)
    expect_whole(kept, COUNT)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of three megabytes."""
    folder = Path(tempfile.mkdtemp(prefix="wardkeep-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "wardkeep", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def test_a_file_system_without_room_refuses_and_goes_on_with_room(small_disk: Path) -> None:
    kept, ballast = Kept(small_disk / "kept"), small_disk / "ballast"
    refused = 0
    for room in (100_000, 250_000, 400_000, 600_000, 800_000):
        free = os.statvfs(small_disk)
        left = free.f_bavail * free.f_frsize
        if left > room:
            ballast.write_bytes(bytes(left - room))
        with contextlib.suppress(StoreFull, LedgerUnavailable):
            take_in(kept)
            break
        refused += 1
        ballast.unlink(missing_ok=True)
        expect_sound(kept)
    assert refused >= 2
    ballast.unlink(missing_ok=True)
    take_in(kept)
    expect_whole(kept, COUNT)


def refuse_at(takers: Takers, folder: Path, points: list[int]) -> None:  # noqa: F811
    """The disk is full from one call on; then there is room again."""
    for at in points:
        kept = Kept(folder / str(at))
        code, _ = takers.run(kept.path, COUNT, FLUSH, at=at, full=True)
        assert code in (0, 3), f"full from call {at} on"  # 0: nothing was left to write
        expect_sound(kept)
        assert takers.run(kept.path, COUNT, FLUSH)[0] == 0
        expect_whole(kept, COUNT)
        shutil.rmtree(kept.path)


def test_a_disk_that_is_full_from_any_call_on_costs_nothing(tmp_path: Path, takers: Takers) -> None:  # noqa: F811
    whole = calls_of(takers, tmp_path / "whole", COUNT, FLUSH)
    refuse_at(takers, tmp_path, list(range(2, whole + 1, whole // 7)))


@pytest.mark.soak
def test_a_disk_that_is_full_from_each_call_on_costs_nothing(tmp_path: Path, takers: Takers) -> None:  # noqa: F811
    whole = calls_of(takers, tmp_path / "whole", COUNT, FLUSH)
    refuse_at(takers, tmp_path, list(range(1, whole + 1)))
