# SPDX-License-Identifier: Apache-2.0
"""Signatures that OpenSSL made: each kind that is known holds, over these bytes alone, and every other is refused."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from wardkeep.ledger import LedgerUnavailable
from wardkeep.package import KeyRefused
from wardkeep.package.signing import fingerprint, holds

MESSAGE = '{"a":"病历"}'.encode()
SM2 = ("-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")
SHA256 = ("-rawin", "-digest", "sha256")
KINDS = {
    "ed25519": (("-algorithm", "ed25519"), ("-rawin",)),
    "p256": (("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), SHA256),
    "p384": (("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"), SHA256),
    "rsa": (("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"), SHA256),
    "sm2": (("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"), SM2),
}


def openssl(folder: Path, *words: str) -> bytes:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to sign with")
    return subprocess.run(["openssl", *words], cwd=folder, capture_output=True, check=True).stdout


def signed(folder: Path, kind: str) -> tuple[bytes, bytes]:
    """A public key and its signature over the message."""
    make, how = KINDS[kind]
    (folder / "message").write_bytes(MESSAGE)
    openssl(folder, "genpkey", *make, "-out", "key.pem")
    openssl(folder, "pkey", "-in", "key.pem", "-pubout", "-out", "pub.pem")
    openssl(folder, "pkeyutl", "-sign", "-inkey", "key.pem", *how, "-in", "message", "-out", "sig")
    return (folder / "pub.pem").read_bytes(), (folder / "sig").read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_what_openssl_signs_holds_and_nothing_else(kind: str, tmp_path: Path) -> None:
    if kind == "sm2":
        pytest.importorskip("tongsuopy.crypto", reason="no library for SM2 here")
    key, signature = signed(tmp_path, kind)
    assert holds(key, signature, MESSAGE)
    assert not holds(key, signature, MESSAGE + b" ")
    assert not holds(key, signature[:-1], MESSAGE)
    assert not holds(key, bytes([signature[0] ^ 1]) + signature[1:], MESSAGE)
    assert not holds(key, b"", MESSAGE)
    der = openssl(tmp_path, "pkey", "-pubin", "-in", "pub.pem", "-outform", "DER")
    assert fingerprint(key) == hashlib.sha256(der).hexdigest()
    assert fingerprint(b"\n" + key.replace(b"\n", b"\r\n")) == fingerprint(key)


@pytest.mark.parametrize(
    "pem",
    [
        b"", b"no", b"-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----\n",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        b"-----BEGIN PUBLIC KEY-----\nAAA\n-----END PUBLIC KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"x" * 20_000,
    ],
)  # fmt: skip
def test_what_is_no_public_key_is_refused(pem: bytes) -> None:
    with pytest.raises(KeyRefused, match="no public key"):
        holds(pem, b"x", MESSAGE)


@pytest.mark.parametrize(
    "make",
    [("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"), ("-algorithm", "X25519"), ("-algorithm", "ed448")],
)
def test_a_key_that_is_too_weak_or_of_another_kind_is_refused(make: tuple[str, ...], tmp_path: Path) -> None:
    openssl(tmp_path, "genpkey", *make, "-out", "key.pem")
    openssl(tmp_path, "pkey", "-in", "key.pem", "-pubout", "-out", "pub.pem")
    with pytest.raises(KeyRefused):
        holds((tmp_path / "pub.pem").read_bytes(), b"x", MESSAGE)


def test_without_its_library_an_sm2_signature_is_not_called_good_or_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, signature = signed(tmp_path, "sm2")
    monkeypatch.setattr("wardkeep.ledger.sm2._library", _missing)
    with pytest.raises(LedgerUnavailable):
        holds(key, signature, MESSAGE)


def _missing() -> None:
    raise LedgerUnavailable("SM2 signatures need a library that is not installed")
