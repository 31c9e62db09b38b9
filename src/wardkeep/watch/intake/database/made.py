# SPDX-License-Identifier: Apache-2.0
"""A row of what a database's audit record says; the same few rules for all of them."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from functools import lru_cache

from wardkeep.watch.event import Kind
from wardkeep.watch.intake.row import Row, to_json
from wardkeep.watch.intake.times import Moment

ACCESS, NO_ACCESS = str(Kind.ACCESS), str(Kind.OTHER)
#: What stands in `action` of an event that is no access.
NO_ACTION = "query"
_PORT = re.compile(r"(.+?)[:(](\d{1,5})\)?", re.ASCII)
#: Codes of MySQL that say that a right is missing.
DENIED = frozenset({1044, 1045, 1142, 1143, 1227, 1370, 1698, 3118, 4151})


class BadRecord(ValueError):
    """Why a record is no event; never with a value of it."""


@lru_cache(maxsize=4096)
def place(host: str) -> tuple[str | None, str | None]:
    """Address and name of a client as a server writes it, with its port or without."""
    host = host.strip().strip("[]")
    if not host:
        return None, None
    for text in (host, match[1].strip("[]") if (match := _PORT.fullmatch(host)) else ""):
        try:
            return str(ipaddress.ip_address(text)), None
        except ValueError:
            continue
    return None, match[1] if match else host


def text_of(raw: bytes) -> str:
    """The record as text: UTF-8; bytes that are none (a statement cut within a letter) stay visible as `\\xe7`."""
    if b"\0" in raw:
        raise BadRecord("nul-byte: the record holds a zero byte")
    return raw.decode("utf-8", "backslashreplace")


def row(
    raw: bytes,
    *,
    form: str,
    position: str,
    system: str,
    moment: Moment,
    action: str,
    account: str | None = None,
    host: str = "",
    outcome: str = "success",
    query: str | None = None,
    resource: str | None = None,
    session: str | None = None,
    amount: int = 1,
    event_id: str | None = None,
    duration_ms: int | None = None,
    extra: dict[str, object] | None = None,
) -> Row:
    """The event; `action` may be `other`, and of `extra` what is empty is left out."""
    ip, name = place(host)
    kept = {key: value for key, value in (extra or {}).items() if value not in (None, "")}
    other = action == "other"
    return Row(
        event_id, moment[0], moment[1], account or None, (), NO_ACTION if other else action, resource or None, amount, None,
        False, outcome, system, name, ip, None, session or None, query or None, duration_ms, NO_ACCESS if other else ACCESS,
        form, position, hashlib.sha256(raw).digest(), to_json(kept),
    )  # fmt: skip


def status(code: str) -> str:
    """The outcome of a MySQL error code."""
    if code in ("", "0"):
        return "success"
    return "denied" if code.isdigit() and len(code) < 6 and int(code) in DENIED else "failure"
