# SPDX-License-Identifier: Apache-2.0
"""Where the databases differ: how finely they keep a time, how one is compared, and how a statement is ended from outside."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from wardkeep.watch.pull import Mark

if TYPE_CHECKING:
    from sqlalchemy import Engine

#: SQL Server keeps a `datetime` in steps of 1/300 s, hands it out rounded to milliseconds, and compares it unrounded: what it
#: shows as .007 is .00666 to it, and less than .007.
STEP = timedelta(milliseconds=4)
#: Seconds for which a server may take to hear that a statement shall end.
CANCEL = 2.0


def asked_from(dialect: str, begin: Mark, *, whole: bool) -> Any:
    """What a watermark is compared with, so that no row at or after `begin` is missing.

    whole: an Oracle DATE, which has whole seconds. It is compared with a DATE: with a TIMESTAMP the column would be converted,
    and its index not used.
    """
    if not isinstance(begin, datetime):
        return begin
    if dialect == "mssql":
        return _earlier(begin, STEP)
    if dialect == "oracle":
        from sqlalchemy import TIMESTAMP, literal  # noqa: PLC0415
        from sqlalchemy.dialects.oracle import DATE  # noqa: PLC0415

        # The type goes with the value: a driver that is not told one may send a DATE, without the fraction of a second.
        return literal(begin.replace(microsecond=0), DATE()) if whole else literal(begin, TIMESTAMP())
    return begin


def _earlier(begin: datetime, step: timedelta) -> datetime:
    try:
        return begin - step
    except OverflowError:
        return begin


def whole_seconds(names: Sequence[str], description: Sequence[Sequence[Any]]) -> frozenset[str]:
    """The columns that are an Oracle DATE, from what a driver says of a result's columns."""
    kinds = (getattr(one[1], "name", "") for one in description)
    return frozenset(name for name, kind in zip(names, kinds, strict=False) if kind == "DB_TYPE_DATE")


def cancel(engine: Engine, cursor: Any) -> None:
    """Ask the server, from another thread, to end the statement of a driver's cursor. Raises what the driver raises."""
    name = engine.dialect.name
    if name == "postgresql":
        cursor.connection.cancel_safe(timeout=CANCEL)
    elif name in ("mysql", "mariadb"):
        other = engine.raw_connection()
        try:
            other.cursor().execute(f"KILL QUERY {int(cursor.connection.thread_id())}")
        finally:
            other.close()
    elif name == "mssql":
        cursor.cancel()
    else:
        cursor.connection.cancel()


def cut(engine: Engine, cursor: Any) -> None:
    """End the connection of a cursor, from another thread, where its driver waits for a lost server without end.

    The other drivers have a time limit of their own; libpq has none once a statement is sent.
    """
    if engine.dialect.name == "postgresql":
        with socket.socket(fileno=os.dup(cursor.connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
