# SPDX-License-Identifier: Apache-2.0
"""What stands in an address in place of an identity: a patient's number must not be in a browser's history or a proxy's log.

token = base64url(AES-SIV(key, kind; identity))       deterministic, authenticated, readable only with the key
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from wardkeep.seal.digest import key

PATTERN = r"[A-Za-z0-9_-]{22,1200}"


class NoSuchToken(ValueError):
    """The address was not made by this console, or for another kind of thing."""


@lru_cache(maxsize=4096)
def conceal(kind: str, identity: str) -> str:
    """The token of an identity. kind: `patient`, `account`, `access`, `row` or `case`."""
    sealed = _cipher().encrypt(identity.encode(), [kind.encode()])
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def disclose(kind: str, token: str) -> str:
    """The identity behind a token. Raises NoSuchToken."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return _cipher().decrypt(sealed, [kind.encode()]).decode()
    except (InvalidTag, ValueError, binascii.Error) as exc:
        raise NoSuchToken(kind) from exc  # fail closed


def _cipher() -> AESSIV:
    # 32 bytes: AES-128-SIV. The key is that of this home alone, so a token of another home opens nothing.
    return AESSIV(key("web:address"))
