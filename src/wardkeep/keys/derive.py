# SPDX-License-Identifier: Apache-2.0
"""Key derivation: HKDF-SHA256 (RFC 5869) from the root key, with tenant, purpose and context in `info`."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SALT = b"wardkeep/1"


def info(tenant: str, purpose: str, *context: str) -> bytes:
    """An injective rendering of what a key is for: each part with its length before it."""
    parts = [part.encode() for part in (tenant, purpose, *context)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def derive(root: bytes, purpose: str, *context: str, tenant: str, length: int = 32) -> bytes:
    """`length` bytes for one tenant, purpose and context. Equal arguments give equal bytes, any other give others."""
    if not tenant or not purpose:
        raise ValueError("a derived key needs a tenant and a purpose")
    return HKDF(algorithm=SHA256(), length=length, salt=SALT, info=info(tenant, purpose, *context)).derive(root)
