# SPDX-License-Identifier: Apache-2.0
"""Where foreign samples and vectors lie: a folder beside the checkout, not part of it."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("WARDKEEP_SHARED", Path(__file__).resolve().parents[2] / "shared"))

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"foreign samples and vectors are not at {SHARED}; set WARDKEEP_SHARED to their folder"
)
