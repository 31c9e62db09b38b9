# SPDX-License-Identifier: Apache-2.0
"""The page with which anyone checks a proof: one HTML file that needs no network, in Chinese and English.

`python -m tools.verifier_page` makes it. It is handed out byte for byte, so that its SHA-256 can be compared.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("verifier.html")
NAME = FILE.name


@cache
def page() -> bytes:
    """The page's bytes."""
    return FILE.read_bytes()


@cache
def policy() -> str:
    """The content policy that the page sets for itself: its own two scripts and its own style, nothing else."""
    found = re.search(rb'http-equiv="Content-Security-Policy" content="([^"]+)"', page())
    return found.group(1).decode() if found else "default-src 'none'"
