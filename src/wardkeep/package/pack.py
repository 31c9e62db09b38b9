# SPDX-License-Identifier: Apache-2.0
"""Writing a package: a folder or a ZIP, made whole or not at all, and later only added to.

What lies in it is a patient's: files for the owner alone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from wardkeep.package.errors import PackageUnwritable

#: ZIP has no time before this; the steps say when they were made.
NO_TIME = (1980, 1, 1, 0, 0, 0)
TEXTS = (".json", ".html")
#: A ZIP of the plain form has no larger files.
PLAIN = (1 << 31) - 1
PIECE = 1 << 20


def begin(out: Path, files: Mapping[str, Path]) -> None:
    """Make a package of files by their names in it. Raises PackageUnwritable."""
    if out.exists():
        raise PackageUnwritable(f"{out} is there already", hint="name another place, or remove it")
    draft = _draft(out)
    if out.suffix == ".zip":
        with zipfile.ZipFile(draft, "x") as archive:
            _pack(archive, files)
        _settle(draft, out)
    else:
        draft.mkdir(mode=0o700)
        lay(draft, files)
        draft.rename(out)
        _durable(out.parent)


def add(package: Path, files: Mapping[str, Path]) -> None:
    """Put further files into a package; what is in it already stays."""
    if package.is_dir():
        lay(package, files)
        return
    draft = _draft(package)
    shutil.copyfile(package, draft)
    with zipfile.ZipFile(draft, "a") as archive:
        _pack(archive, files)
    _settle(draft, package)


def _draft(out: Path) -> Path:
    draft = out.with_name(f".{out.name}.new")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink() if draft.is_file() else shutil.rmtree(draft)
    return draft


def _pack(archive: zipfile.ZipFile, files: Mapping[str, Path]) -> None:
    for name, path in files.items():
        info = zipfile.ZipInfo(name, NO_TIME)
        info.compress_type = zipfile.ZIP_DEFLATED if name.endswith(TEXTS) else zipfile.ZIP_STORED
        info.external_attr = 0o600 << 16
        large = path.stat().st_size > PLAIN
        with path.open("rb") as source, archive.open(info, "w", force_zip64=large) as target:
            shutil.copyfileobj(source, target, PIECE)


def lay(folder: Path, files: Mapping[str, Path]) -> None:
    """Each file whole or not at all, in the order in which they are given."""
    for name, path in files.items():
        target = folder / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.new")
        shutil.copyfile(path, draft)
        draft.chmod(0o600)
        _settle(draft, target)


def _settle(draft: Path, out: Path) -> None:
    draft.chmod(0o600)
    _durable(draft)
    draft.replace(out)
    _durable(out.parent)


def _durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
