# SPDX-License-Identifier: Apache-2.0
"""The serving writer on a disk that fails: it ends where nothing can be trusted, and tries again where it can."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.ledger.conftest import SIGNER, clock, connect, event
from wardkeep.ledger import Ledger, LedgerReader, LedgerUnavailable, Receipt, run_writer, verify_ledger
from wardkeep.ledger import journal as journal_module
from wardkeep.ledger import published as published_module
from wardkeep.ledger.client import _There


class InThread:
    """A serving writer in a thread of this process, so that its disk can be made sick."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ended_with = folder, None
        self._loop, self._stop = asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(run_writer(self.folder, signer=SIGNER, clock=clock, stop=self._stop))
        except BaseException as error:
            self.ended_with = error
        finally:
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
                self._loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
            self._loop.close()

    def client(self) -> Ledger:
        until = time.monotonic() + 60
        while True:
            try:
                return Ledger(_There(self.folder, 10.0), in_process=False)
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.01)

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self.join()

    def join(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()


@contextmanager
def serving(folder: Path) -> Iterator[InThread]:
    one = InThread(folder)
    try:
        yield one
    finally:
        one.stop()


def test_after_an_input_output_error_the_writer_ends_and_a_new_one_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, sick = os.fdatasync, threading.Event()

    def fdatasync(descriptor: int) -> None:
        if sick.is_set():
            sick.clear()
            raise OSError(errno.EIO, "told to fail")
        real(descriptor)

    with serving(folder) as server:
        ledger = server.client()
        ledger.append("a", 0, [event(0)])
        monkeypatch.setattr(journal_module.os, "fdatasync", fdatasync)
        sick.set()
        with pytest.raises(LedgerUnavailable):
            ledger.append("a", 1, [event(1)])
        server.join()
        ledger.close()
        assert isinstance(server.ended_with, LedgerUnavailable)
        assert "see to the disk" in server.ended_with.hint
    monkeypatch.undo()
    with connect(folder) as ledger:
        assert ledger.in_process
        assert ledger.append("a", 1, [event(1)]) == Receipt("2026", 2, 2)
    assert verify_ledger(folder).ok


def test_what_could_not_be_published_is_published_as_soon_as_there_is_room(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without another append, and without anybody asking."""
    real, full, refused = published_module.write_fresh, threading.Event(), threading.Semaphore(0)

    def write_fresh(path: Path, content: bytes) -> None:
        if full.is_set():
            refused.release()
            raise OSError(errno.ENOSPC, "told to fail")
        real(path, content)

    monkeypatch.setattr(published_module, "write_fresh", write_fresh)
    full.set()
    with serving(folder) as server:
        with server.client() as ledger:
            ledger.append("a", 0, [event(0)])
            with pytest.raises(LedgerUnavailable, match="cannot publish"):
                ledger.publish()
        for _ in range(3):  # the one above, and two that nobody asked for
            assert refused.acquire(timeout=60)
        assert LedgerReader(folder).size("2026") == 1
        full.clear()
        until = time.monotonic() + 60
        while LedgerReader(folder).size("2026") != 2:
            assert time.monotonic() < until
            time.sleep(0.02)
    assert server.ended_with is None
    assert verify_ledger(folder).ok
