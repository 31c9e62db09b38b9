# SPDX-License-Identifier: Apache-2.0
"""A writer's process on a disk that stalls, turns read-only, fails or gets full: each is said, nothing acknowledged is lost.

The disk is a small C library that is loaded before all others (disk.c), so that what is tested is the program as it runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.ledger.conftest import ORIGIN, SIGNER, clock, connect, event
from tests.integration.ledger.serving import Served
from wardkeep.ledger import Ledger, LedgerReader, LedgerUnavailable, Receipt, verify_ledger


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The disk, compiled."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler is installed here: apt-get install gcc libc6-dev")
    made = tmp_path_factory.mktemp("disk") / "disk.so"
    source = Path(__file__).with_name("disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(source), "-ldl"], check=True)
    return made


class Disk:
    """What the writer's disk is told to do."""

    def __init__(self, path: Path, library: Path) -> None:
        self.path, self.env = path, {"LD_PRELOAD": str(library), "WARDKEEP_DISK": str(path)}
        self.be("")

    def be(self, word: str) -> None:
        draft = self.path.with_suffix(".new")
        draft.write_text(word)
        draft.replace(self.path)


@pytest.fixture
def disk(library: Path, tmp_path: Path) -> Disk:
    return Disk(tmp_path / "told", library)


@pytest.fixture
def server(folder: Path, disk: Disk) -> Iterator[Served]:
    one = Served(folder, env=disk.env)
    yield one
    disk.be("")
    if one.process.poll() is None:
        one.kill()
    one.process.stderr.close()  # type: ignore[union-attr]


def expect(folder: Path, events: list[int]) -> None:
    """The log holds these events, each once and in this order."""
    report = verify_ledger(folder)
    assert report.problems == []
    bodies = LedgerReader(folder).bodies("2026", 1, report.size - 1)
    assert bodies == [event(n) for n in events]


def test_a_disk_that_stalls_is_said_in_time_and_what_was_asked_is_there_once_when_it_goes_on(
    folder: Path, disk: Disk, server: Served
) -> None:
    with server.client() as before:
        before.append("a", 0, [event(0)])
        before.publish()
    first, second = server.client(wait=1.0), server.client(wait=1.0)
    disk.be("stall")
    for ledger, name in ((first, "a"), (second, "b")):
        started = time.monotonic()
        with pytest.raises(LedgerUnavailable, match="does not answer") as caught:
            ledger.append(name, 1, [event(1)])
        assert time.monotonic() - started < 25
        assert caught.value.exit_status == 3
        assert "not appended twice" in caught.value.hint
    assert LedgerReader(folder).size("2026") == 2  # readers do not wait for the writer
    disk.be("")
    first.close()
    second.close()
    with server.client() as first, server.client() as second:
        assert first.append("a", 1, [event(1)]) == Receipt("2026", 2, 2)
        assert second.append("b", 1, [event(1)]) == Receipt("2026", 3, 3)
    assert server.stop() == 0
    expect(folder, [0, 1, 1])


def test_a_client_that_waits_longer_than_the_disk_stalls_notices_nothing(
    folder: Path, disk: Disk, server: Served
) -> None:
    disk.be("stall")
    timer = threading.Timer(0.7, disk.be, [""])
    timer.start()
    with server.client() as ledger:
        for seq in range(3):
            ledger.append("a", seq, [event(seq)])
    timer.join()
    assert server.stop() == 0
    expect(folder, [0, 1, 2])


def test_a_writer_that_is_killed_on_a_stalled_disk_has_acknowledged_nothing_that_is_lost(
    folder: Path, disk: Disk, server: Served
) -> None:
    with server.client() as before:
        before.append("a", 0, [event(0)])
    ledger = server.client(wait=1.0)
    disk.be("stall")
    with pytest.raises(LedgerUnavailable):
        ledger.append("a", 1, [event(1)])
    server.kill()
    with connect(folder) as again:
        assert again.find("a", 0) == Receipt("2026", 1, 1)
        assert again.append("a", 1, [event(1)]) == Receipt("2026", 2, 2)
    expect(folder, [0, 1])


@pytest.mark.parametrize(
    ("word", "says"),
    [("EIO", "Input/output error"), ("EROFS", "Read-only file system")],
    ids=["fails", "turns read-only"],
)
def test_after_a_disk_that_fails_or_turns_read_only_the_writer_ends_and_a_new_one_goes_on(
    folder: Path, disk: Disk, server: Served, word: str, says: str
) -> None:
    ledger = server.client()
    ledger.append("a", 0, [event(0)])
    disk.be(word)
    with pytest.raises(LedgerUnavailable, match=says) as caught:
        ledger.append("a", 1, [event(1)])
    assert "nothing was acknowledged" in caught.value.hint
    assert server.process.wait(timeout=60) != 0
    said = server.process.stderr.read().decode()  # type: ignore[union-attr]
    assert "the writer ends after a write that could not be undone" in said and says in said
    disk.be("")
    again = Served(folder, env=disk.env)
    try:
        with again.client() as client:
            assert client.append("a", 1, [event(1)]) == Receipt("2026", 2, 2)
        assert again.stop() == 0
    finally:
        again.process.stderr.close()  # type: ignore[union-attr]
    expect(folder, [0, 1])


@pytest.mark.parametrize("word", ["ENOSPC", "half"])
def test_a_full_disk_is_said_and_the_same_writer_goes_on_with_room(
    folder: Path, disk: Disk, server: Served, word: str
) -> None:
    with server.client() as ledger:
        ledger.append("a", 0, [event(0)])
        disk.be(word)
        for _ in range(3):
            with pytest.raises(LedgerUnavailable, match="No space left on device"):
                ledger.append("a", 1, [event(n) for n in range(1, 200)])
            disk.be(word)
        disk.be("")
        assert ledger.append("a", 1, [event(n) for n in range(1, 200)]) == Receipt("2026", 2, 200)
    assert server.stop() == 0
    expect(folder, list(range(200)))


@pytest.fixture
def mounted() -> Iterator[Path]:
    """A file system of its own, to be remounted."""
    folder = Path(tempfile.mkdtemp(prefix="wardkeep-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "wardkeep", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("a file system cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def remount(folder: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(folder)], check=True)


def test_a_ledger_on_a_read_only_disk_is_read_and_verified_and_says_why_it_takes_nothing(mounted: Path) -> None:
    folder = mounted / "ledger"
    Ledger.create(folder, origin=ORIGIN, signer=SIGNER, at=clock())
    with connect(folder) as ledger:
        ledger.append("a", 0, [event(0)])
    remount(mounted, "ro")
    assert LedgerReader(folder).bodies("2026", 1, 1) == [event(0)]
    assert verify_ledger(folder).ok
    with pytest.raises(LedgerUnavailable, match="Read-only file system") as caught:
        connect(folder)
    assert caught.value.exit_status == 3
    with pytest.raises((LedgerUnavailable, OSError), match="Read-only file system"):
        Ledger.create(mounted / "other", origin=ORIGIN, signer=SIGNER, at=clock())
    remount(mounted, "rw")
    with connect(folder) as ledger:
        assert ledger.append("a", 1, [event(1)]) == Receipt("2026", 2, 2)
    expect(folder, [0, 1])
