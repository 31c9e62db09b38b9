# SPDX-License-Identifier: Apache-2.0
"""What a driver is taught of times that it cannot hold: one such value must not end the page in which it stands.

psycopg refuses the whole result, PyMySQL hands out a text that cannot be told from a text of the view.
"""

from __future__ import annotations

from typing import Any

from wardkeep.watch.pull import beyond

#: Types of PostgreSQL with values that Python has none for: `infinity`, the year 10000, 24:00.
_POSTGRES = ("date", "time", "timetz", "timestamp", "timestamptz", "interval")


def teach(name: str, connection: Any) -> None:
    """Teach the driver's connection to a database of that name."""
    if name == "postgresql":
        _postgres(connection)
    elif name in ("mysql", "mariadb"):
        _mysql(connection)


def _postgres(connection: Any) -> None:
    from psycopg import DataError  # noqa: PLC0415
    from psycopg.abc import AdaptContext, Buffer  # noqa: PLC0415
    from psycopg.adapt import Loader  # noqa: PLC0415
    from psycopg.pq import Format  # noqa: PLC0415

    def lenient(kind: str) -> type[Loader]:
        oid = connection.adapters.types[kind].oid
        # Results come as text: no statement of ours asks for the binary form.
        usual = connection.adapters.get_loader(oid, Format.TEXT)

        class Lenient(Loader):
            """The usual loader, which gives back as text what it cannot hold."""

            def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
                super().__init__(oid, context)
                self._usual = usual(oid, context)

            def load(self, data: Buffer) -> Any:
                try:
                    return self._usual.load(data)
                except DataError:
                    text = bytes(data).decode()
                    return beyond(text, moment=kind == "timestamptz") if kind.startswith("timestamp") else text

        return Lenient

    for kind in _POSTGRES:
        connection.adapters.register_loader(kind, lenient(kind))


def _mysql(connection: Any) -> None:
    from pymysql.constants import FIELD_TYPE  # type: ignore[import-untyped]  # noqa: PLC0415
    from pymysql.converters import convert_datetime  # type: ignore[import-untyped]  # noqa: PLC0415

    def lenient(value: Any) -> Any:
        found = convert_datetime(value)
        return beyond(found) if isinstance(found, str) else found

    for kind in (FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP):
        connection.decoders[kind] = lenient
