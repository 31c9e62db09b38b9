# SPDX-License-Identifier: Apache-2.0
"""The page with which anyone checks a proof: one HTML file that needs no network, in Chinese and English.

`python -m tools.verifier_page` makes it. It is handed out byte for byte, so that its SHA-256 can be compared.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("verifier.html")
NAME = FILE.name
LARGEST_PAGE = 1 << 20
#: SHA-256 of the pages that earlier versions published; bundles of their time hold them.
EARLIER: frozenset[str] = frozenset()


@cache
def page() -> bytes:
    """The page's bytes."""
    return FILE.read_bytes()


def is_published(raw: bytes) -> bool:
    """Whether this is a page of ours, of this version or an earlier one."""
    return raw == page() or hashlib.sha256(raw).hexdigest() in EARLIER


@cache
def policy() -> str:
    """The content policy that the page sets for itself: its own two scripts and its own style, nothing else."""
    found = re.search(rb'http-equiv="Content-Security-Policy" content="([^"]+)"', page())
    return found.group(1).decode() if found else "default-src 'none'"
