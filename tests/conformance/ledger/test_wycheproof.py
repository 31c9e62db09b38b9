# SPDX-License-Identifier: Apache-2.0
"""Project Wycheproof's vectors for what our keys stand on: HKDF-SHA256 and AES-256-GCM with 96-bit nonces."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.shared import SHARED, needs_shared
from wardkeep.keys import derive as ours

pytestmark = needs_shared


def cases(file: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every vector with its group."""
    said = json.loads((SHARED / "vectors" / "wycheproof" / file).read_text(encoding="utf-8"))
    found = [(group, test) for group in said["testGroups"] for test in group["tests"]]
    assert len(found) == said["numberOfTests"]
    return found


def test_hkdf_agrees_on_every_vector() -> None:
    ran = 0
    for _, test in cases("hkdf_sha256_test.json"):
        key, salt, info = (bytes.fromhex(test[name]) for name in ("ikm", "salt", "info"))

        def derived(test: dict[str, Any] = test, key: bytes = key, salt: bytes = salt, info: bytes = info) -> bytes:
            return HKDF(algorithm=SHA256(), length=test["size"], salt=salt, info=info).derive(key)

        if test["result"] == "valid":
            assert derived().hex() == test["okm"], test["tcId"]
        else:
            with pytest.raises(ValueError, match=r"length|larger"):
                derived()
        ran += 1
    assert ran == 86


def test_our_derivation_is_hkdf_with_named_salt_and_info() -> None:
    root = bytes(range(32))
    info = b"\0\0\0\1t" + b"\0\0\0\5store" + b"\0\0\0\2k1"
    expected = HKDF(algorithm=SHA256(), length=42, salt=b"wardkeep/1", info=info).derive(root)
    assert ours.derive(root, "store", "k1", tenant="t", length=42) == expected


def test_aes_gcm_agrees_on_every_vector_with_our_nonce_size() -> None:
    ran = left_out = 0
    for group, test in cases("aes_gcm_test.json"):
        if group["ivSize"] != 96:
            left_out += 1
            continue
        key, iv, aad, msg, ct, tag = (bytes.fromhex(test[n]) for n in ("key", "iv", "aad", "msg", "ct", "tag"))
        cipher = AESGCM(key)
        if test["result"] == "valid":
            assert cipher.encrypt(iv, msg, aad) == ct + tag, test["tcId"]
            assert cipher.decrypt(iv, ct + tag, aad) == msg, test["tcId"]
        else:
            with pytest.raises(InvalidTag):
                cipher.decrypt(iv, ct + tag, aad)
        ran += 1
    assert (ran, left_out) == (197, 119)
