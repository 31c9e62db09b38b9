# SPDX-License-Identifier: Apache-2.0
"""`PullSource`: which view of which database, by which column, how gently. One small TOML file, without a password."""

from __future__ import annotations

import re
import tomllib
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import msgspec

from wardkeep.watch.pull.errors import BadSource

#: SQLAlchemy's names of what is read; other drivers may work and are not asked for.
DIALECTS = ("postgresql+psycopg", "mysql+pymysql", "mariadb+pymysql", "mssql+pyodbc", "oracle+oracledb")
HINT = "docs/how-to/pull-from-a-database.md shows a source file"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_USER = re.compile(r"\A[a-z0-9+]+://[^/@]*:[^/@]*@", re.ASCII | re.IGNORECASE)


_HERE = ("", "127.0.0.1", "::1", "localhost")
_YES = ("yes", "true", "mandatory", "strict", "1")


class PullSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A checked source."""

    #: Names the state of the pull, and stands as the source of its events.
    name: str
    #: SQLAlchemy's URL, without a password.
    url: str
    #: A file that holds nothing but the password and that only its owner can read; or a credential of systemd.
    password_file: str | None = None
    password_credential: str | None = None
    #: `view`, `schema.view`.
    view: str
    #: A mapping file beside the source file, or a shipped one by its name.
    mapping: str
    #: The column that grows: a time, or a number.
    watermark: str
    #: How far before the last watermark the next pull begins, so that rows that came late are found: seconds, or a number.
    overlap: int = 600
    #: Where the first pull begins; without it at the first row.
    start: str | int | None = None
    #: Rows asked for at once, and how many a second at most (0: as many as come).
    batch: int = 5000
    rate: int = 0
    #: Seconds after which the server shall give up a statement.
    statement_timeout: int = 60
    #: Seconds from the end of a pull to the next one, where `wardkeep serve` runs it.
    every: int = 300
    #: Oracle before 12.1: the folder of Oracle's own client on this machine, by which the driver then speaks.
    oracle_client: str | None = None

    @property
    def place(self) -> tuple[str | None, str]:
        """Schema and view."""
        schema, _, view = self.view.rpartition(".")
        return schema or None, view


def parse_source(text: str, name: str) -> PullSource:
    """Parse and check; `name` is what errors call the file. Raises BadSource."""
    try:
        source = msgspec.convert(tomllib.loads(text), PullSource)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as exc:
        raise BadSource(f"{name}: {exc}", hint=HINT) from None
    return checked(source, name)


def checked(source: PullSource, name: str) -> PullSource:
    """The source, where its values are such as can be used. Raises BadSource."""
    problem = _words(source) or _url(source) or _limits(source)
    if problem:
        raise BadSource(f"{name}: {problem}", hint=HINT)
    return source


def may_be_read(url: str) -> bool:
    """Whether rows and password may cross the network readable, or to the wrong server, as far as the URL says: see the
    how-to. Of an alias (Oracle's, a name of ODBC's) it says nothing, and is believed."""
    parts = urlsplit(url)
    said = {key.lower(): value for key, value in parse_qsl(parts.query)}
    host, dialect = (parts.hostname or said.get("host", "")).lower(), parts.scheme.partition("+")[0]
    if host in _HERE or host.startswith("/") or "unix_socket" in said:
        return False
    if dialect == "postgresql":
        return said.get("sslmode") not in ("verify-full", "verify-ca")
    if dialect in ("mysql", "mariadb"):
        return "ssl_ca" not in said
    if dialect == "mssql":
        if not parts.path.strip("/") and "driver" not in said:
            return False
        default = "yes" if "18" in said.get("driver", "") else "no"
        return (
            said.get("encrypt", default).lower() not in _YES or said.get("trustservercertificate", "no").lower() in _YES
        )
    return said.get("protocol", "").lower() != "tcps" and bool(
        parts.port or parts.path.strip("/") or "service_name" in said
    )


def zone_fault(zone: str | None) -> str | None:
    """What is wrong with the zone that a source names."""
    try:
        _ = ZoneInfo(zone) if zone is not None else None
    except (KeyError, ValueError, OSError):
        return f"zone is {zone!r}: give a name like Asia/Shanghai"
    return None


def _words(s: PullSource) -> str | None:
    if not NAME.fullmatch(s.name):
        return f"name is {s.name!r}: give small letters, digits, '.', '_' and '-'"
    for key in ("view", "watermark", "mapping"):
        value = getattr(s, key)
        if not value.strip() or not value.isprintable():
            return f"{key} is {value!r}: give a name"
    return None


def _url(s: PullSource) -> str | None:
    # The URL itself is not told: what is wrong with it may be the password in it.
    if not s.url.startswith(tuple(f"{dialect}://" for dialect in DIALECTS)):
        return f"url begins with no database that is read: give one of {', '.join(f'{d}://' for d in DIALECTS)}"
    if _USER.match(s.url) or "password=" in s.url.lower() or "pwd=" in s.url.lower():
        return "url holds a password: put it into a file and name that as password_file, or use password_credential"
    if s.oracle_client and not s.url.startswith("oracle"):
        return f"oracle_client is {s.oracle_client!r}, and url is of no Oracle: leave it out"
    if s.password_file and s.password_credential:
        return "password_file and password_credential are both there: give one"
    return None


def _limits(s: PullSource) -> str | None:
    limits = {
        "batch": (1, 100_000),
        "rate": (0, 10_000_000),
        "statement_timeout": (1, 86_400),
        "every": (1, 86_400),
        "overlap": (0, 10**12),
    }
    for key, (least, most) in limits.items():
        if not least <= getattr(s, key) <= most:
            return f"{key} is {getattr(s, key)}: give a number from {least} to {most}"
    return None
