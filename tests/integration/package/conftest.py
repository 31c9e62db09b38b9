# SPDX-License-Identifier: Apache-2.0
"""One whole package for all tests of packages; nobody changes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packages import Desk, whole_desk


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return whole_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="session")
def files(desk: Desk) -> dict[str, bytes]:
    return files_in(desk.package)


def files_in(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
