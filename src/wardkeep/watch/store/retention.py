# SPDX-License-Identifier: Apache-2.0
"""The text of a query lives shorter than its event: it is sealed once more under a key of the month it was received in.

`q1:<month>:<base64 of nonce12 ‖ AES-256-GCM>`; associated data is the tenant and the month. The ciphertext is what the
canonical row commits to, so that the entry still verifies when the month's key has been destroyed and nobody can read the text.
"""

from __future__ import annotations

import base64
import os
import struct
from collections.abc import Iterable
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PREFIX = "q1:"
NONCE = 12


class KeptKeys(Protocol):
    """The part of a keyring that keeps random keys which can be destroyed."""

    def kept(self, name: str) -> bytes: ...
    def has(self, name: str) -> bool: ...
    def destroy(self, name: str) -> None: ...


class QueryKeys:
    """Seals and opens query texts. A month whose key is destroyed reads as no text at all."""

    def __init__(self, keyring: KeptKeys, *, tenant: str) -> None:
        self._keyring, self._tenant = keyring, tenant
        self._open: dict[str, AESGCM | None] = {}

    def name(self, month: str) -> str:
        """How the keyring names the key of a month such as `2026-03`."""
        return f"query-{self._tenant}-{month}"

    def seal(self, texts: Iterable[str | None], *, month: str) -> list[str | None]:
        """Seal texts received in `month`."""
        cipher = AESGCM(self._keyring.kept(self.name(month)))
        self._open[month] = cipher
        aad, head, start = self._aad(month), f"{PREFIX}{month}:", os.urandom(8)
        sealed: list[str | None] = []
        for number, text in enumerate(texts):
            if text is None:
                sealed.append(None)
                continue
            nonce = start + struct.pack(">I", number)  # 64 random bits a call, then a counter: never twice
            body = nonce + cipher.encrypt(nonce, text.encode(), aad)
            sealed.append(head + base64.b64encode(body).decode())
        return sealed

    def open(self, sealed: str | None) -> str | None:
        """The text, or None where there is none or its month's key is gone. Raises ValueError where it was changed."""
        if sealed is None:
            return None
        prefix, month, body = sealed.split(":", 2)
        if prefix + ":" != PREFIX:
            raise ValueError("a sealed query of an unknown form")
        cipher = self._cipher(month)
        if cipher is None:
            return None
        raw = base64.b64decode(body)
        try:
            return cipher.decrypt(raw[:NONCE], raw[NONCE:], self._aad(month)).decode()
        except InvalidTag:
            raise ValueError(f"a query text of {month} is not what was sealed") from None

    def readable(self, month: str) -> bool:
        """Whether texts of that month can still be read."""
        return self._cipher(month) is not None

    def forget(self, month: str) -> None:
        """Destroy a month's key: its texts are gone, here and, once the keys' backups forget it, in every copy."""
        if self._keyring.has(self.name(month)):
            self._keyring.destroy(self.name(month))
        self._open.pop(month, None)

    def _cipher(self, month: str) -> AESGCM | None:
        if month not in self._open:
            name = self.name(month)
            self._open[month] = AESGCM(self._keyring.kept(name)) if self._keyring.has(name) else None
        return self._open[month]

    def _aad(self, month: str) -> bytes:
        return f"wardkeep query {self._tenant} {month}".encode()
