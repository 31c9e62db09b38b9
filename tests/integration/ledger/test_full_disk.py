# SPDX-License-Identifier: Apache-2.0
"""A disk that is full or read-only: nothing is acknowledged that is not kept, and with room again it goes on."""

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

from tests.integration.ledger.conftest import ORIGIN, SIGNER, clock, connect, event
from tests.integration.ledger.serving import as_nobody
from wardkeep.ledger import Ledger, LedgerReader, LedgerUnavailable, verify_ledger

root = pytest.mark.skipif(os.geteuid() != 0, reason="takes what only root can do")


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size`: a write that would gets EFBIG after what still fitted."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def append_until_refused(ledger: Ledger, seq: int, count: int = 20) -> int:
    """Append batches until one is refused; returns its number."""
    for number in range(seq, seq + 10_000):
        try:
            ledger.append("intake:x", number, bodies(number, count))
        except LedgerUnavailable as error:
            assert error.exit_status == 3
            assert "nothing was acknowledged" in error.hint
            return number
    raise AssertionError("the disk never got full")


def bodies(seq: int, count: int = 20) -> list[bytes]:
    return [event(seq * 1000 + n) for n in range(count)]


def expect_all(folder: Path, batches: int, count: int = 20) -> None:
    report = verify_ledger(folder)
    assert report.problems == []
    assert report.size == 1 + batches * count
    reader = LedgerReader(folder)
    for seq in range(batches):
        assert reader.bodies("2026", 1 + seq * count, (seq + 1) * count) == bodies(seq, count)


def test_a_journal_that_cannot_grow_refuses_and_goes_on_with_room(folder: Path) -> None:
    with connect(folder) as ledger:
        (journal,) = (folder / "journal/2026").glob("*.wkj")
        with largest_file(journal.stat().st_size + 9_999):
            refused = append_until_refused(ledger, 0)
            assert refused > 3
            assert append_until_refused(ledger, refused) == refused
        ledger.append("intake:x", refused, bodies(refused))
    expect_all(folder, refused + 1)


def test_a_process_that_ends_on_a_full_disk_has_lost_nothing(folder: Path) -> None:
    ledger = connect(folder)
    (journal,) = (folder / "journal/2026").glob("*.wkj")
    with largest_file(journal.stat().st_size + 9_999):
        refused = append_until_refused(ledger, 0)
        os.close(ledger._road._writer._lock)  # type: ignore[attr-defined] # as the end of a process does
    connect(folder).close()
    expect_all(folder, refused)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of four megabytes."""
    folder = Path(tempfile.mkdtemp(prefix="wardkeep-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "wardkeep", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def test_a_full_file_system_refuses_and_goes_on_with_room(small_disk: Path) -> None:
    folder = small_disk / "ledger"
    Ledger.create(folder, origin=ORIGIN, signer=SIGNER, at=clock())
    ballast = small_disk / "ballast"
    with connect(folder) as ledger:
        ballast.write_bytes(bytes(3_600_000))
        refused = append_until_refused(ledger, 0)
        assert refused > 3
        with contextlib.suppress(LedgerUnavailable):
            ledger.publish()  # tiles need room too
        assert append_until_refused(ledger, refused) == refused
        ballast.unlink()
        ledger.append("intake:x", refused, bodies(refused))
        ledger.publish()
        assert LedgerReader(folder).size("2026") == 1 + (refused + 1) * 20
    expect_all(folder, refused + 1)


def test_a_publish_that_finds_no_room_says_so_and_is_made_up_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.ledger import published

    with connect(folder) as ledger:
        ledger.append("intake:x", 0, bodies(0))
        ledger.publish()
        real, failing = published.write_fresh, [True]

        def write_fresh(path: Path, content: bytes) -> None:
            if failing[0]:
                raise OSError(28, "No space left on device")
            real(path, content)

        monkeypatch.setattr(published, "write_fresh", write_fresh)
        for seq in range(1, 30):
            ledger.append("intake:x", seq, bodies(seq))  # acknowledged: the journal has it
        with pytest.raises(LedgerUnavailable, match="cannot publish") as caught:
            ledger.publish()
        assert "lost" in caught.value.hint
        assert LedgerReader(folder).size("2026") == 21
        failing[0] = False
        ledger.publish()
        assert LedgerReader(folder).size("2026") == 601
    expect_all(folder, 30)


@pytest.fixture
def others_ledger() -> Iterator[Path]:
    """A ledger that another user may read and not write."""
    outer = Path(tempfile.mkdtemp(prefix="wardkeep-"))
    folder = outer / "ledger"
    Ledger.create(folder, origin=ORIGIN, signer=SIGNER, at=clock())
    with connect(folder) as ledger:
        ledger.append("intake:x", 0, bodies(0))
    for path in (outer, *outer.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    yield folder
    shutil.rmtree(outer)


@root
def test_a_folder_that_cannot_be_written_is_read_and_verified_and_not_appended_to(others_ledger: Path) -> None:
    with as_nobody():
        reader = LedgerReader(others_ledger)
        assert reader.bodies("2026", 1, 20) == bodies(0)
        assert reader.last_number("intake:x") == 0
        assert verify_ledger(others_ledger).problems == []
        with pytest.raises(LedgerUnavailable, match=r"lock: Permission denied") as caught:
            connect(others_ledger)
        assert caught.value.exit_status == 3


@root
def test_a_log_that_cannot_be_written_is_named_though_the_lock_is_free(others_ledger: Path) -> None:
    (others_ledger / "lock").chmod(0o666)
    with as_nobody(), pytest.raises(LedgerUnavailable, match=r"\.wkj: Permission denied"):
        connect(others_ledger)
    connect(others_ledger).close()  # and the lock was given back
    assert verify_ledger(others_ledger).ok
