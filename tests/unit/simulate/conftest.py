# SPDX-License-Identifier: Apache-2.0
"""One small hospital for all of the room's tests."""

from __future__ import annotations

import pytest

import simulate

SIZE = {"staff": 120, "patients": 4000, "days": 12}


@pytest.fixture(scope="session")
def small() -> simulate.Hospital:
    return simulate.build(seed=5, setting="A", **SIZE)
