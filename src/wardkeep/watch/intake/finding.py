# SPDX-License-Identifier: Apache-2.0
"""Which files of a folder are logs."""

from __future__ import annotations

from pathlib import Path

from wardkeep.watch.intake.errors import NoSuchFile


def log_files(path: Path) -> list[Path]:
    """The logs in a folder and under it: all that is no table of context, no mapping and not hidden; of a file: itself.

    What turns out to be no log after all is rejected by its name when it is read, so that nothing is passed over silently.
    """
    if not path.exists():
        raise NoSuchFile(f"{path} does not exist")
    if not path.is_dir():
        return [path]
    from wardkeep.watch.hospital import context_files  # noqa: PLC0415 - what reads tables is costly, and a reading process has none

    claimed = context_files(path)
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file()
        and file.suffix != ".toml"
        and file not in claimed
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
