# SPDX-License-Identifier: Apache-2.0
"""Detached signatures that were made elsewhere, over the bytes of a list: with OpenSSL, a card or a signature service.

Ed25519 (64 bytes) · ECDSA on P-256 or P-384 with SHA-256 (DER) · RSA from 2048 bits, PKCS #1 v1.5 with SHA-256 ·
SM2 with SM3 under the user id of GM/T 0009 (DER), with the extra `sm`. A key is PEM, SubjectPublicKeyInfo.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import NoReturn

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from wardkeep.ledger import ProofRefused
from wardkeep.ledger.sm2 import Sm2Verifier, read_pem, write_pem
from wardkeep.package.errors import KeyRefused

LARGEST_KEY, LARGEST_SIGNATURE = 16 << 10, 16 << 10
SMALLEST_RSA = 2048
_PEM = re.compile(rb"\s*-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*")
#: How the SubjectPublicKeyInfo of an SM2 key begins, up to the point.
_SM2 = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


def der_of(pem: bytes) -> bytes:
    """The key itself, however its text is broken into lines. Raises KeyRefused."""
    found = _PEM.fullmatch(pem) if len(pem) <= LARGEST_KEY else None
    try:
        return base64.b64decode(b"".join(found.group(1).split()), validate=True) if found else _no_key()
    except binascii.Error:
        return _no_key()


def fingerprint(pem: bytes) -> str:
    """SHA-256 of the key, as `openssl pkey -pubin -outform DER | sha256sum` shows it. Raises KeyRefused."""
    return hashlib.sha256(der_of(pem)).hexdigest()


def holds(pem: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is of this key over `message`. Raises KeyRefused, LedgerUnavailable where SM2 needs its library."""
    der = der_of(pem)
    if der.startswith(_SM2):
        try:
            point = read_pem(write_pem(der.removeprefix(_SM2)))
        except ProofRefused:
            return _no_key()
        return Sm2Verifier("sm2", point).holds(message.decode(), signature)
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        return _no_key()
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        elif isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1 | SECP384R1):
            key.verify(signature, message, ECDSA(SHA256()))
        elif isinstance(key, RSAPublicKey) and key.key_size >= SMALLEST_RSA:
            key.verify(signature, message, PKCS1v15(), SHA256())
        else:
            return _no_key()
    except InvalidSignature:
        return False
    return True


def _no_key() -> NoReturn:
    raise KeyRefused("this is no public key of a kind that is known here")
