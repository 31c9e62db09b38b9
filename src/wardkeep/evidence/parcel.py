# SPDX-License-Identifier: Apache-2.0
"""Reading a bundle that a stranger sent: nothing of it is ever written to disk, followed, or read beyond its limit.

A name is one of the few that a bundle (or another kind of parcel) can have, once, and a regular file. Every read names how
much it takes at most; a ZIP must not claim to grow more than texts do. What is not so is refused before anything is read.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol

from wardkeep.evidence.errors import BundleRefused

NAME = re.compile(
    r"manifest\.json|query\.toml|result\.jsonl|checkpoint|keys\.jsonl|verifier\.html"
    r"|proofs/(?:0|[1-9]\d{0,15})\.(?:tlog-proof|entry)"
    r"|tile/(?:entries|\d)/(?:x\d{3}/){0,5}\d{3}(?:\.p/[1-9]\d{0,2})?",
    re.ASCII,
)
MOST_FILES = 2_000_000
MOST_BYTES = 16 << 30
#: The most that a ZIP may claim to hold for each of its own bytes, and how much it may claim in any case.
GROWTH, ALWAYS = 100, 16 << 20
#: Bytes of a large file that are read at once.
AT_ONCE = 1 << 20


class Parcel(Protocol):
    """An opened bundle."""

    names: frozenset[str]

    def read(self, name: str, most: int) -> bytes: ...
    def chunks(self, name: str, most: int) -> Iterator[bytes]: ...
    def close(self) -> None: ...


class open_parcel:
    """Open a folder or a ZIP whose files have such names. Raises BundleRefused."""

    def __init__(self, path: Path, names: re.Pattern[str] = NAME) -> None:
        self._parcel: Parcel = _Folder(path, names) if path.is_dir() else _Zip(path, names)

    def __enter__(self) -> Parcel:
        return self._parcel

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._parcel.close()


class _Folder:
    def __init__(self, path: Path, fit: re.Pattern[str]) -> None:
        self._path, names = path, []
        for base, folders, files in os.walk(path):
            below = os.path.relpath(base, path)
            for name in [*files, *(one for one in folders if Path(base, one).is_symlink())]:
                names.append(name if below == "." else f"{below}/{name}")
                if not stat.S_ISREG(Path(base, name).lstat().st_mode):
                    raise BundleRefused(f"{_shown(names[-1])} is no regular file")
        self.names = _fit(names, fit)

    def read(self, name: str, most: int) -> bytes:
        with self._open(name) as file:
            return _within(name, file.read(most + 1), most)

    def chunks(self, name: str, most: int) -> Iterator[bytes]:
        with self._open(name) as file:
            yield from _pieces(name, file, most)

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        try:
            descriptor = os.open(self._path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                yield file
        except OSError as error:
            raise BundleRefused(f"{name}: {error.strerror}") from None

    def close(self) -> None:
        pass


class _Zip:
    def __init__(self, path: Path, fit: re.Pattern[str]) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OverflowError) as error:
            raise BundleRefused(f"it is neither a folder nor a ZIP: {error}") from None
        infos = self._archive.infolist()
        try:
            self.names = _fit([info.orig_filename for info in infos], fit)
            for info in infos:
                kind = stat.S_IFMT(info.external_attr >> 16)
                if info.flag_bits & 1 or kind not in (0, stat.S_IFREG):
                    raise BundleRefused(f"{info.filename} is encrypted, or no regular file")
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise BundleRefused(f"{info.filename} is packed in a way that a bundle has not")
            claimed, there = sum(info.file_size for info in infos), path.stat().st_size
            if claimed > min(MOST_BYTES, max(ALWAYS, GROWTH * there)):
                raise BundleRefused(f"{there:,} bytes claim to hold {claimed:,}")
        except BundleRefused:
            self._archive.close()
            raise
        self._infos = {info.filename: info for info in infos}

    def read(self, name: str, most: int) -> bytes:
        with self._open(name) as file:
            return _within(name, file.read(most + 1), most)

    def chunks(self, name: str, most: int) -> Iterator[bytes]:
        with self._open(name) as file:
            yield from _pieces(name, file, most)

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        try:
            with self._archive.open(self._infos[name]) as file:
                yield file
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            ValueError,
            NotImplementedError,
            RuntimeError,
            OSError,
        ) as error:
            raise BundleRefused(f"{name}: it cannot be unpacked: {error}") from None

    def close(self) -> None:
        self._archive.close()


def _fit(names: list[str], fit: re.Pattern[str]) -> frozenset[str]:
    """The names, each of them one that a bundle can have, and once. Raises BundleRefused."""
    for name in names:
        if not fit.fullmatch(name):
            raise BundleRefused(f"{_shown(name)} is no file that a bundle has")
    if len(set(names)) != len(names):
        raise BundleRefused("a file is there twice")
    if len(names) > MOST_FILES:
        raise BundleRefused(f"it has more than {MOST_FILES:,} files")
    return frozenset(names)


def _pieces(name: str, file: IO[bytes], most: int) -> Iterator[bytes]:
    taken = 0
    while piece := file.read(AT_ONCE):
        taken += len(piece)
        if taken > most:
            raise BundleRefused(f"{name} has more than {most:,} bytes")
        yield piece


def _within(name: str, raw: bytes, most: int) -> bytes:
    if len(raw) > most:
        raise BundleRefused(f"{name} has more than {most:,} bytes")
    return raw


def _shown(name: str) -> str:
    return ascii(name[:80])
