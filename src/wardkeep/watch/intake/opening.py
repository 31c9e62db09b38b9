# SPDX-License-Identifier: Apache-2.0
"""A source: the bytes of one file, unpacked where it is gzip, in chunks, with how far it was read.

Nothing is unpacked ahead of what is asked for. A stream that is cut, damaged, or expands beyond belief ends there; what came
out before is good, and `broken` says what was not read.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from wardkeep.watch.event import Rejected
from wardkeep.watch.intake.errors import NoSuchFile
from wardkeep.watch.intake.limits import GZIP_GRACE, GZIP_RATIO, KEEP, MIB

GZIP = b"\x1f\x8b"
#: Read at once; unpacked at once.
READ, CHUNK = 4 * MIB, MIB


class Source:
    """One file open for reading; use it in a `with`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        #: Bytes of the file read so far, and its size.
        self.done = 0
        self.size = 0
        #: What was left of the file when its reading had to end early.
        self.broken: Rejected | None = None
        self.packed = False
        self._file: BinaryIO | None = None
        self._head = b""

    @classmethod
    def of_bytes(cls, data: bytes, name: str) -> Source:
        """A source in memory."""
        source = cls(Path(name))
        source._file = BytesIO(data)
        source.size = len(data)
        source._peek()
        return source

    def __enter__(self) -> Self:
        if self._file is None:
            self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def _open(self) -> None:
        """Open the file; what cannot be opened is broken from its first byte. Raises NoSuchFile."""
        try:
            if self.path.is_dir():
                self._break("not-a-file: a folder stands here; name the files in it", b"")
                return
            self._file = self.path.open("rb")
            self.size = self.path.stat().st_size
            self._peek()
        except FileNotFoundError:
            raise NoSuchFile(f"{self.path} does not exist") from None
        except OSError as exc:
            self._file = None
            self._break(f"unreadable: {exc.strerror or type(exc).__name__}", b"")

    def _peek(self) -> None:
        assert self._file is not None  # noqa: S101 - narrows the type
        self._head = self._file.read(CHUNK)
        self.packed = self._head.startswith(GZIP)

    @property
    def unopened(self) -> bool:
        """Whether not a byte of the file could be had; `broken` says why."""
        return self._file is None

    def chunks(self) -> Iterator[bytes]:
        """The bytes, unpacked; once."""
        yield from self._unpacked() if self.packed else self._raw()

    def _raw(self) -> Iterator[bytes]:
        chunk = self._head
        while chunk:
            self.done += len(chunk)
            yield chunk
            chunk = self._more()

    def _more(self) -> bytes:
        assert self._file is not None  # noqa: S101 - narrows the type
        try:
            return self._file.read(CHUNK if self.packed else READ)
        except OSError as exc:  # a failing disk, a share that went away: what was read stays read
            self._break(f"unreadable: {exc.strerror or type(exc).__name__} after {self.done} bytes", b"")
            return b""

    def _unpacked(self) -> Iterator[bytes]:
        unpack = zlib.decompressobj(wbits=31)
        came_out = 0
        for chunk in self._raw():
            left = chunk
            while left:
                if unpack.eof:
                    if not left.startswith(GZIP[: len(left)]):
                        self._break(
                            "gzip-tail: what follows the end of the gzip stream is no gzip", left, self._rest(left)
                        )
                        return
                    unpack = zlib.decompressobj(wbits=31)
                try:
                    out = unpack.decompress(left, CHUNK)
                except zlib.error:
                    self._break(f"gzip-damaged: the stream breaks after {came_out} bytes", left, self._rest(left))
                    return
                came_out += len(out)
                if came_out > GZIP_GRACE and came_out > GZIP_RATIO * self.done:
                    self._break(f"gzip-bomb: the file expands more than {GZIP_RATIO} times", left, self._rest(left))
                    return
                left = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
                if out:
                    yield out
        if not unpack.eof and self.broken is None:
            self._break(f"gzip-cut: the stream ends before its end, after {came_out} bytes", b"")

    def _rest(self, left: bytes) -> bool:
        return len(left) > KEEP or self.done < self.size

    def _break(self, reason: str, left: bytes, more: bool = False) -> None:
        form = "gzip" if self.packed else "unknown"
        self.broken = Rejected(
            reason=reason, format=form, source=self.name, position="end", raw=left[:KEEP], truncated=more
        )
