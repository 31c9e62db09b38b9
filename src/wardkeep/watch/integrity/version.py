# SPDX-License-Identifier: Apache-2.0
"""`Version`: what a record said at one moment of its life. Its content is kept nowhere: a digest of it is.

The digest is SHA-256 over a salt of the record and its content in one fixed form, so that equal contents of two records do not
show. It lies in the sealed store: whoever may read it there can try contents, whoever sees the ledger cannot.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

import msgspec

_encode = msgspec.json.Encoder(order="sorted").encode
_SALT, _DIGEST = b"wardkeep record salt 1\0", b"wardkeep record 1\0"


class Stage(StrEnum):
    """Where a record stands with this version."""

    SIGNED = "signed"
    ARCHIVED = "archived"
    #: Changed after it was signed, as its own system says: an addendum, a correction.
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    #: Nobody has signed it, or nobody has any more. It is never sealed; it matters where a sealed record has become one.
    UNSIGNED = "unsigned"


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One version of one record."""

    system: str
    #: The record's number in its system.
    record: str
    #: `document`, `report`, or what the table is called.
    kind: str
    patient: str | None
    stage: Stage
    #: When its system says that it was signed, archived or changed.
    time_us: int
    by: str | None
    digest: str


def content_of(value: object) -> bytes:
    """Content in its fixed form: JSON with sorted keys; so column order and white space between them say nothing."""
    return _encode(value)


def digest_of(system: str, record: str, content: bytes) -> str:
    """The digest of a content as one of this record."""
    salt = hashlib.sha256(_SALT + _encode([system, record])).digest()[:16]
    return hashlib.sha256(_DIGEST + salt + content).hexdigest()
