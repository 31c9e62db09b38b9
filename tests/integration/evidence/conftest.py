# SPDX-License-Identifier: Apache-2.0
"""One world for all tests of evidence; nobody changes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.evidence.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.make(tmp_path_factory.mktemp("evidence"))


@pytest.fixture(scope="session")
def bundles(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One folder of each kind: over acts, over events, and one whose result is empty."""
    out = tmp_path_factory.mktemp("bundles")
    return {
        "acts": world.bundle("cases-decided", 100, 700, out / "acts"),
        "events": world.bundle("accesses-of-patient", 0, 500, out / "events", patient="P3"),
        "none": world.bundle("acts-of-account", 300, 310, out / "none", account="user:nobody"),
    }
