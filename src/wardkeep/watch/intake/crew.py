# SPDX-License-Identifier: Apache-2.0
"""Several reading processes over the blocks of one source, their work in the order of the blocks.

Each process has a thread that feeds it, so that none waits for another, and they read on while the taker seals what it has;
what is in flight is bounded, so that a fast reader does not fill the memory of a slow taker. Processes are started anew
(no fork), and end with their input.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

import msgspec
import pyarrow as pa

from wardkeep.watch.event import Rejected
from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.errors import ReaderStopped
from wardkeep.watch.intake.planning import Plan
from wardkeep.watch.intake.protocol import Done, Task, receive, send

#: Blocks in flight for each process: where their bytes wait with them, and where they are ranges of a file (a batch's worth).
HELD, AHEAD = 3, 40
#: Bytes that a process may have answered before anybody listens (Linux lets everybody have so many).
PIPE = 1 << 20
#: No threads that would only wait. The memory of one block is kept for the next: every page that is fetched anew is cleared.
FRUGAL = {
    "OPENBLAS_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
}

Columns = tuple[pa.RecordBatch, list[Rejected], int]
_done = msgspec.msgpack.Decoder(Done)


class Crew:
    """`size` processes that read by one plan; use it in a `with`."""

    def __init__(self, plan: Plan, size: int) -> None:
        self._size = size
        self._processes = _started(size)
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        for process in self._processes:
            assert process.stdin is not None  # noqa: S101 - narrows the type
            with suppress(BrokenPipeError):  # it died at once: the first block that it is given says so
                send(process.stdin, msgspec.msgpack.encode(plan))
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="reading")

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._processes:
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None  # noqa: S101 - narrows the type
                try:
                    pipe.close()
                except OSError:  # what was still to be written goes nowhere
                    continue
            process.wait()

    def read(
        self, blocks: Iterator[Block | Overlong], plain: Path | None, place: Callable[[], int]
    ) -> Iterator[tuple[Columns | Overlong, int]]:
        """What each block holds, in their order, and what `place` said when it was cut: how far the source was read.

        plain: the file where blocks are ranges of it; their bytes are then let go, and read again by the process.
        """
        waiting: deque[tuple[Future[Columns] | Overlong, int]] = deque()
        for block in blocks:
            if isinstance(block, Overlong):
                waiting.append((block, place()))
            elif plain is None:
                waiting.append((self._threads.submit(self._one, Task(block.line), block.data), place()))
            else:
                task = Task(block.line, str(plain), block.offset, block.size)
                waiting.append((self._threads.submit(self._one, task), place()))
            if len(waiting) >= (HELD if plain is None else AHEAD) * self._size:
                yield _result(*waiting.popleft())
        while waiting:
            yield _result(*waiting.popleft())

    def _one(self, task: Task, *data: bytes) -> Columns:
        process = self._idle.get()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101 - narrows the type
        try:
            send(process.stdin, msgspec.msgpack.encode(task), *data)
            done = _done.decode(receive(process.stdout))
            columns = pa.ipc.open_stream(pa.py_buffer(receive(process.stdout))).read_next_batch()
        except (OSError, EOFError, ValueError) as exc:
            raise ReaderStopped(
                f"a reading process ended with status {process.poll()} at line {task.line}",
                hint="is there enough memory? read with fewer processes",
            ) from exc
        finally:
            self._idle.put(process)
        return columns, done.rejected, done.records


def _started(size: int) -> list[subprocess.Popen[bytes]]:
    """Reading processes that no signal ends: Ctrl-C and the end of a service reach all, and we alone decide for ours."""
    path = os.pathsep.join(p for p in sys.path if p)
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})  # they inherit it, and keep it
    try:
        return [
            subprocess.Popen(
                [sys.executable, "-P", "-m", "wardkeep.watch.intake.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pipesize=PIPE,
                env={**os.environ, **FRUGAL, "PYTHONPATH": path},
            )
            for _ in range(size)
        ]
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _result(waiting: Future[Columns] | Overlong, done: int) -> tuple[Columns | Overlong, int]:
    return waiting if isinstance(waiting, Overlong) else waiting.result(), done
