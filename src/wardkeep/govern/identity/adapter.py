# SPDX-License-Identifier: Apache-2.0
"""Where allauth writes accounts, it goes through our actions; where it keeps a secret, the keyring seals it."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.http import HttpRequest

from wardkeep.home import now
from wardkeep.seal.digest import key

_ASSOCIATED = b"wardkeep:mfa:1"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """No one signs up by himself; a password is set by an action."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: Any, password: str) -> None:
        from wardkeep.govern.identity.actions import set_password  # noqa: PLC0415 - needs the app registry

        set_password(user, password, by=user, at=now())


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """TOTP secrets and recovery seeds lie in the database under a key that lies elsewhere."""

    def encrypt(self, text: str) -> str:
        nonce = secrets.token_bytes(12)
        sealed = AESGCM(key("identity:mfa")).encrypt(nonce, text.encode(), _ASSOCIATED)
        return base64.b64encode(nonce + sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        raw = base64.b64decode(encrypted_text)
        return AESGCM(key("identity:mfa")).decrypt(raw[:12], raw[12:], _ASSOCIATED).decode()
