# SPDX-License-Identifier: Apache-2.0
"""The digest of a row: keyed, so that an entry tells nothing of a short value to someone who can guess it.

    column digest = HMAC-SHA256(key, table ‖ 0 ‖ primary key ‖ 0 ‖ column ‖ 0 ‖ canonical value), first 16 bytes
    row digest    = HMAC-SHA256(key, table ‖ 0 ‖ primary key ‖ 0 ‖ all column digests in order of column names)

The canonical value is the same for what Python holds before saving and for what SQLite or PostgreSQL gives back.
"""

from __future__ import annotations

import base64
import hmac
import json
import uuid
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

if TYPE_CHECKING:
    from wardkeep.seal.models import Outbox, Sealed

COLUMN_BYTES = 16


@lru_cache(maxsize=8)
def _key_of(home: Any, purpose: str) -> bytes:
    key: bytes = home.keyring().derive(purpose, tenant=home.settings.hospital.tenant)
    return key


def key(purpose: str) -> bytes:
    """The key for one purpose, from the keyring of the home that Django was configured for."""
    return _key_of(settings.WARDKEEP_HOME, purpose)


def pseudonym(kind: str, identity: str) -> str:
    """What an entry says in place of an identity: 128 bits, the same for the same identity, nothing without the key."""
    digest = hmac.digest(key(f"seal:pseudonym:{kind}"), identity.encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


@lru_cache(maxsize=64)
def sealed_columns(model: type[models.Model]) -> tuple[models.Field[Any, Any], ...]:
    """The columns that the seal vouches for, by name."""
    left_out = {"id", "seal_columns"} | getattr(model, "unsealed", set())
    return tuple(sorted((f for f in model._meta.concrete_fields if f.name not in left_out), key=column_of))


def column_of(field: models.Field[Any, Any]) -> str:
    """The name of a field's column; a concrete field has one."""
    return str(field.column)


def column_digests(row: Sealed) -> bytes:
    """One 16-byte digest per sealed column, in order of column names."""
    secret = key("seal:row")
    prefix = _name(row)
    return b"".join(
        hmac.digest(secret, prefix + column_of(field).encode() + b"\0" + canonical(_value(row, field)), "sha256")[
            :COLUMN_BYTES
        ]
        for field in sealed_columns(type(row))
    )


def row_digest(row: Sealed, columns: bytes) -> str:
    """The digest that stands in the act: of the row's name and its column digests."""
    digest = hmac.digest(key("seal:row"), _name(row) + columns, "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _name(row: Sealed) -> bytes:
    return row._meta.db_table.encode() + b"\0" + str(row.pk).encode() + b"\0"


def mac(row: Outbox) -> str:
    """Keeps an act as it was committed until the ledger has it."""
    said = f"{row.id}\0{row.incarnation}\0{row.body}".encode()
    return base64.urlsafe_b64encode(hmac.digest(key("seal:outbox"), said, "sha256")).rstrip(b"=").decode()


def _value(row: Sealed, field: models.Field[Any, Any]) -> Any:
    """The column's value in its own type; what someone else wrote there stays as it is."""
    value = getattr(row, field.attname)
    try:
        return field.to_python(value)
    except (ValidationError, ValueError, TypeError):
        return value


def canonical(value: Any) -> bytes:  # noqa: PLR0911 - one line per type reads best
    """The bytes of a value, with a letter for its type."""
    if value is None:
        return b"0"
    if isinstance(value, bool):
        return b"b1" if value else b"b0"
    if isinstance(value, int):
        return b"n%d" % value
    if isinstance(value, float):
        return b"n%d" % int(value) if value.is_integer() else b"f" + repr(value).encode()
    if isinstance(value, datetime) and value.tzinfo is not None:
        micros = (value.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // _MICROSECOND
        return b"t%d" % micros
    if isinstance(value, date):
        return b"d" + value.isoformat().encode()
    if isinstance(value, uuid.UUID):
        return b"u" + value.hex.encode()
    if isinstance(value, bytes | memoryview):
        return b"x" + bytes(value)
    if isinstance(value, str):
        return b"s" + value.encode()
    return b"j" + json.dumps(_whole(value), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


_MICROSECOND = datetime.resolution


def _whole(value: Any) -> Any:
    """JSON with whole floats as integers: PostgreSQL gives 1e22 back as one."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {str(k): _whole(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(v) for v in value]
    return value
