# SPDX-License-Identifier: Apache-2.0
"""Asking the process that decodes, and starting another one when it died."""

from __future__ import annotations

import json
import subprocess
import sys
import weakref
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Timer

#: Seconds that a chunk may take.
PATIENCE = 30.0
CHILD = Path(__file__).with_name("child.py")


class DecoderDied(Exception):
    """The process ended, or was ended, over a chunk."""


def installed() -> bool:
    """Whether the package `evtx` is there."""
    return find_spec("evtx") is not None


class Decoder:
    """One decoding process, started when it is first needed."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None

    def decode(self, data: bytes) -> list[tuple[int, str | None]]:
        """Number and JSON of each record in its place, as the process tells them. Raises DecoderDied."""
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101 - narrows the type
        alarm = Timer(self._patience, process.kill)
        alarm.start()
        try:
            process.stdin.write(len(data).to_bytes(8, "little") + data)
            process.stdin.flush()
            head = process.stdout.read(8)
            answer = process.stdout.read(int.from_bytes(head, "little")) if len(head) == 8 else b""
        except OSError:
            head = answer = b""
        finally:
            alarm.cancel()
        if len(head) < 8 or len(answer) < int.from_bytes(head, "little"):
            self.close()
            raise DecoderDied
        return [(number, text) for number, text in json.loads(answer)]

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-I", str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        weakref.finalize(self, _end, process)
        self._process = process
        return process

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            _end(self._process)
            self._process = None


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    process.wait()
