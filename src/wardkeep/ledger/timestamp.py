# SPDX-License-Identifier: Apache-2.0
"""Time stamps (RFC 3161): a request over a checkpoint, and what an authority's answer is worth under its root certificates.

The library comes with the extra `timestamps`; without it nothing else is missing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from wardkeep.ledger.errors import LedgerUnavailable, ProofRefused
from wardkeep.ledger.stamp_order import in_order

SHA256 = "2.16.840.1.101.3.4.2.1"
#: An answer with a chain of certificates takes a few KB.
LARGEST_STAMP = 1 << 18


@dataclass(frozen=True, slots=True)
class Stamped:
    """What a valid stamp says."""

    at: datetime
    #: The authority's certificate, by its subject.
    authority: str
    serial: int


def read_roots(pem: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file. Raises ProofRefused."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise ProofRefused("the file of root certificates holds none", hint="write them as PEM") from None


def ask_for(content: bytes) -> tuple[bytes, int]:
    """A request over `content`, and the nonce that the answer must repeat. Raises LedgerUnavailable without the library."""
    client = _library()
    builder = client.TimestampRequestBuilder().data(content).hash_algorithm(client.HashAlgorithm.SHA256)
    request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    return request.as_bytes(), request.nonce


def check_stamp(stamp: bytes, content: bytes, roots: list[x509.Certificate], *, nonce: int | None = None) -> Stamped:
    """What `stamp` says of `content`. Raises ProofRefused where it does not hold, LedgerUnavailable without the library."""
    client = _library()
    try:
        answer = client.decode_timestamp_response(in_order(stamp))
    except ValueError:
        raise ProofRefused("the time stamp is not readable") from None
    if answer.status not in (client.PKIStatus.GRANTED, client.PKIStatus.GRANTED_WITH_MODS):
        said = "; ".join(answer.status_string) or f"status {answer.status}"
        raise ProofRefused(f"the authority refused: {said[:200]!r}")
    builder = client.VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    if nonce is not None:
        builder = builder.nonce(nonce)
    try:
        info = answer.tst_info
        if info.message_imprint.hash_algorithm.dotted_string != SHA256:
            raise ProofRefused("the time stamp is not over SHA-256")
        builder.build().verify(answer, hashlib.sha256(content).digest())
        return Stamped(info.gen_time, _authority(answer), info.serial_number)
    except (client.VerificationError, ValueError) as error:
        raise ProofRefused(f"the time stamp does not hold: {error}") from None


def _authority(answer: Any) -> str:
    """The subject of the certificate that signed: of those in the answer the one for time stamping."""
    for raw in answer.signed_data.certificates:
        certificate = x509.load_der_x509_certificate(raw)
        try:
            usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound:
            continue
        if ExtendedKeyUsageOID.TIME_STAMPING in usage:
            return certificate.subject.rfc4514_string()
    return ""


def _library() -> Any:
    try:
        import rfc3161_client  # noqa: PLC0415
    except ImportError:
        raise LedgerUnavailable(
            "time stamps need a library that is not installed", hint="pip install 'wardkeep[timestamps]'"
        ) from None
    return rfc3161_client
