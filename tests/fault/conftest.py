# SPDX-License-Identifier: Apache-2.0
"""Homes as in the acceptance tests, and a disk that is small enough to be filled."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import made_home, program

__all__ = ["made_home", "program", "small_disk"]

#: Of the small disk, where a test does not say it.
MEGABYTES = 24


@pytest.fixture
def small_disk(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A real file system of few megabytes."""
    size = getattr(request, "param", MEGABYTES)
    folder = Path(tempfile.mkdtemp(prefix="wardkeep-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=700", "wardkeep", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("a small file system cannot be mounted here: it takes root")
    try:
        yield folder
    finally:
        # Whoever was killed may hold a file for a moment longer: the disk goes when the last one lets go.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()
