# SPDX-License-Identifier: Apache-2.0
"""The origin of a ledger: the name by which everybody else knows it, and which it can never change.

C2SP asks for a URL without its scheme. A witness keeps one history a name, so two houses must not have the same: a ledger
to which no name is given takes one out of its own key.
"""

from __future__ import annotations

import hashlib
import re

#: Bytes of a name that leave room for a year behind it in every signature.
LONGEST = 200
_ORIGIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*")


def is_origin(name: str) -> bool:
    """Whether a ledger may be named so: HOST or HOST/PATH in plain letters, without scheme, spaces and plus."""
    return len(name) <= LONGEST and _ORIGIN.fullmatch(name) is not None


def own_origin(tenant: str, public: bytes) -> str:
    """A name that no other ledger has, out of the public key with which it begins."""
    return f"wardkeep.local/{tenant}/{hashlib.sha256(public).hexdigest()[:16]}"
