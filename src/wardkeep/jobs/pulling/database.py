# SPDX-License-Identifier: Apache-2.0
"""One view of a database, opened to be read only: each page in a short transaction of its own, with a time limit on the server.

What reads for us should be allowed nothing but to read this view. What is done here comes beside that: PostgreSQL, MySQL and
Oracle are told that the transaction is read-only; SQL Server knows no such one, and is asked for a read-only replica where
there is one.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from wardkeep.jobs.pulling.dialects import asked_from, cancel, cut, whole_seconds
from wardkeep.jobs.pulling.times import teach
from wardkeep.watch.pull import BadSource, Mark, PullError, PullSource, SchemaChanged

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine, Select

T = TypeVar("T")
#: Seconds to wait for a connection.
CONNECT = 15
#: Classes of SQLSTATE that say nothing of a value, and errors of MySQL: what is not there, not allowed, too slow or gone.
_CLASSES = frozenset({"08", "28", "3D", "42", "53", "57", "58"})
#: What a server puts around a name, in whatever language it speaks.
_MARKS = "\"'`“”„‘’«»「」『』"
_QUOTED = re.compile(f"[{_MARKS}]([^{_MARKS}]+)[{_MARKS}]")
MISSING = frozenset({1054, 1142, 1143, 1146, 1356})
MYSQL = MISSING | {1040, 1044, 1045, 1049, 1053, 1205, 1317, 1792, 1927, 1969, 2002, 2003, 2006, 2013, 3024}
_CODE = re.compile(r"ORA-\d{5}|DPY-\d{4}|\b[0-9A-Z]{5}\b|\b\d{4}\b")
EXTRAS = {
    "mssql": "pip install 'wardkeep[pull,sqlserver]', and unixODBC with a driver for SQL Server (Debian: unixodbc tdsodbc)",
    "oracle": "pip install 'wardkeep[pull,oracle]'",
}
INSTALL = "pip install 'wardkeep[pull]'"


class NoDriver(PullError):
    """The package that speaks to this database is not installed."""

    exit_status = 3


class ServerLost(PullError):
    """The database did not answer, or not to the end."""

    exit_status = 3


class View:
    """The view of a source; use it in a `with`."""

    def __init__(self, source: PullSource, password: str | None) -> None:
        self._source = source
        self._engine = _engine(source, password)
        schema, name = source.place
        self._table = _table(name, schema)
        #: The watermark's column as the view writes it.
        self.watermark = source.watermark
        self._coarse: frozenset[str] = frozenset()
        self._giving_up = False
        self._busy: Any = None
        self._watch()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._engine.dispose()

    def columns(self) -> list[str]:
        """The columns of the view. Raises SchemaChanged, ServerLost."""
        from sqlalchemy import literal_column, select, text  # noqa: PLC0415

        asked: Select[Any] = select(literal_column("*")).select_from(self._table).where(text("1 = 0"))

        def ask(connection: Connection) -> tuple[list[str], frozenset[str]]:
            found = connection.execute(asked)
            names = list(found.keys())
            return names, whole_seconds(names, found.cursor.description if found.cursor else ())

        names, self._coarse = self._ask(ask)
        return names

    def page(self, columns: Sequence[str], begin: Mark | None, limit: int) -> list[Any]:
        """The next rows from a watermark on, in its order. Raises SchemaChanged, ServerLost.

        A few from shortly before it may stand at their head, where the database keeps times more coarsely (`before`).
        """
        asked = self._select(columns, begin).limit(limit)
        return self._ask(lambda connection: list(connection.execute(asked).all()))

    def of_keys(self, columns: Sequence[str], key: Sequence[str], asked: Sequence[Sequence[Any]]) -> list[Any]:
        """The rows with these keys, whose values are bound. Raises SchemaChanged, ServerLost."""
        from sqlalchemy import and_, column, or_, select  # noqa: PLC0415

        def same(name: str, value: Any) -> Any:
            # A text of a fixed length comes with its blanks, and is compared without them.
            bare = value.rstrip() if isinstance(value, str) else value
            return column(name).in_([value, bare]) if bare != value else column(name) == value

        rows = [and_(*map(same, key, one)) for one in asked]
        found: Any = select(*(column(name) for name in columns)).select_from(self._table).where(or_(*rows))
        return self._ask(lambda connection: list(connection.execute(found).all()))

    def without_mark(self) -> int:
        """How many rows have no watermark: they are in no page. Raises SchemaChanged, ServerLost."""
        from sqlalchemy import column, func, select  # noqa: PLC0415

        asked = select(func.count()).select_from(self._table).where(column(self.watermark).is_(None))
        return self._ask(lambda connection: int(connection.execute(asked).scalar_one()))

    def _select(self, columns: Sequence[str], begin: Mark | None) -> Any:
        from sqlalchemy import column, select  # noqa: PLC0415

        mark: Any = column(self.watermark)
        found: Any = select(*(column(name) for name in columns)).select_from(self._table)
        if begin is None:
            return found.where(mark.is_not(None)).order_by(mark)
        name = self._engine.dialect.name
        return found.where(mark >= asked_from(name, begin, whole=self.watermark in self._coarse)).order_by(mark)

    def give_up(self) -> None:
        """From another thread: end the statement at hand, and ask nothing more. A server that does not hear is left alone."""
        self._giving_up = True
        if (cursor := self._busy) is not None:
            with suppress(Exception):  # fails open: whoever wants to end does so without this answer
                cancel(self._engine, cursor)

    def _watch(self) -> None:
        """Know the statement at hand."""
        from sqlalchemy import event  # noqa: PLC0415

        def begun(connection: Any, cursor: Any, *_: Any) -> None:
            self._busy = cursor

        event.listen(self._engine, "before_cursor_execute", begun)

    def _ask(self, work: Callable[[Connection], T]) -> T:
        from sqlalchemy.exc import DBAPIError, ProgrammingError, SQLAlchemyError  # noqa: PLC0415

        if self._giving_up:
            raise ServerLost(f"{self._source.name}: told to stop")
        try:
            with self._in_time(), self._reading() as connection:
                return work(connection)
        except DBAPIError as exc:
            if isinstance(exc, ProgrammingError) or next(iter(getattr(exc.orig, "args", ())), None) in MISSING:
                raise SchemaChanged(
                    f"{self._source.view}: {_said(exc)}", hint="may the account read the view?"
                ) from None
            raise ServerLost(
                f"{self._source.name}: {_said(exc)}",
                hint="what was read before is sealed; the same command again goes on",
            ) from None
        except ValueError as exc:  # a driver's own, of what it makes of a value: its words may be a patient's
            raise ServerLost(
                f"{self._source.view}: the driver cannot hold a value: {type(exc).__name__}",
                hint="let the view give it as text, or leave its row out",
            ) from None
        except (SQLAlchemyError, OSError) as exc:
            raise ServerLost(f"{self._source.name}: {type(exc).__name__}", hint="is the url right?") from None

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        """End the connection where a server, or the way to it, says nothing for long after it should have given up."""
        timer = threading.Timer(self._source.statement_timeout + 2 * CONNECT, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        if (cursor := self._busy) is not None:
            with suppress(Exception):  # fails open: the driver's own limit is left, or the next start of the process
                cut(self._engine, cursor)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A connection in a transaction that can only read, and that is given back without a change."""
        from sqlalchemy import text  # noqa: PLC0415

        with self._engine.connect() as connection:
            if self._engine.dialect.name == "oracle":
                connection.execute(text("SET TRANSACTION READ ONLY"))
            try:
                yield connection
            finally:
                self._busy = None
                if not connection.closed and not connection.invalidated:
                    connection.rollback()


def _table(name: str, schema: str | None) -> Any:
    from sqlalchemy import table  # noqa: PLC0415

    return table(name, schema=schema)


def _engine(source: PullSource, password: str | None) -> Engine:
    """The engine; nothing is connected yet. Raises NoDriver, BadSource."""
    try:
        from sqlalchemy import create_engine, event, make_url  # noqa: PLC0415
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError  # noqa: PLC0415
        from sqlalchemy.pool import NullPool  # noqa: PLC0415
    except ModuleNotFoundError:
        raise NoDriver(hint=INSTALL) from None
    try:
        url = make_url(source.url)
    except ArgumentError:
        raise BadSource(
            "url is none that SQLAlchemy reads", hint="write it as driver://user@host:port/database"
        ) from None
    if password is not None:
        url = url.set(password=password)
    name = url.get_backend_name()
    thick: dict[str, Any] = {"thick_mode": {"lib_dir": source.oracle_client}} if source.oracle_client else {}
    arguments = _arguments(url, source.statement_timeout)
    try:
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments, **thick)
    except (ImportError, NoSuchModuleError):
        raise NoDriver(f"the driver of {url.drivername} is not installed", hint=EXTRAS.get(name, INSTALL)) from None
    except Exception as exc:
        if not thick:
            raise
        told = str(exc).splitlines()[0]
        raise NoDriver(
            f"oracle_client = {source.oracle_client!r}: {told}", hint="install Oracle's client there"
        ) from None

    def opened(connection: Any, _: object) -> None:
        teach(name, connection)
        _prepare(name, connection, source.statement_timeout)

    event.listen(engine, "connect", opened)
    return engine


def _arguments(url: URL, timeout: int) -> dict[str, Any]:
    """What a driver is told when it connects."""
    name = url.get_backend_name()
    if name == "postgresql":
        options = f"-c default_transaction_read_only=on -c statement_timeout={timeout}s -c timezone=UTC"
        return {"options": options, "connect_timeout": CONNECT, "application_name": "wardkeep"}
    if name in ("mysql", "mariadb"):
        # The driver's own time is longer, so that the server gives up first and says so.
        return {
            "connect_timeout": CONNECT,
            "read_timeout": timeout + CONNECT,
            "charset": "utf8mb4",
            "local_infile": False,
        }
    if name == "mssql":
        return {"timeout": CONNECT, "ApplicationIntent": "ReadOnly", "readonly": True}
    return {"tcp_connect_timeout": CONNECT}


def _prepare(name: str, connection: Any, timeout: int) -> None:
    """What a session is told before anything else."""
    if name in ("mysql", "mariadb"):
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute("SELECT VERSION()")
            maria = "mariadb" in str(cursor.fetchone()[0]).lower()
            cursor.execute(
                f"SET SESSION max_statement_time = {timeout}"
                if maria
                else f"SET SESSION max_execution_time = {timeout * 1000}"
            )
    elif name == "oracle":
        connection.call_timeout = timeout * 1000
    elif name == "mssql":
        connection.timeout = timeout
        cursor = connection.cursor()
        # Where two wait for each other it is we who give way, and we do not wait longer for a lock than for a statement.
        cursor.execute(f"SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT {timeout * 1000}")
        cursor.close()


def _said(exc: Any) -> str:
    """What the driver says, in one line. What an error of the data says may be a patient's: there only its code is told."""
    cause = exc.orig
    code = getattr(cause, "sqlstate", None) or next(iter(getattr(cause, "args", ())), "")
    text = str(cause.args[-1] if getattr(cause, "args", None) else "").strip()
    told = text.splitlines()[0][:200] if text else ""
    if not _is_of_the_server(cause, code, told, getattr(exc, "statement", None) or ""):
        found = _CODE.search(str(code)) or _CODE.search(told)
        told = found[0] if found else ""
    return f"{type(cause).__name__} {told}".strip()


def _is_of_the_server(cause: Any, code: object, told: str, statement: str) -> bool:
    """Whether an error is about the connection, a right, a name of ours or the time, and not about a value."""
    if isinstance(code, str) and len(code) == 5:
        return code[:2] in _CLASSES and _is_ours(told, statement)
    if type(cause).__module__.startswith("psycopg"):
        return True  # without a code nothing was asked yet
    return isinstance(code, int) and code in MYSQL


def _is_ours(told: str, statement: str) -> bool:
    """Whether every name that is told stands in our own statement. A view can make a name of a value (`patient::regclass`)."""
    bare = statement.replace('"', "")

    def asked(name: re.Match[str]) -> str:
        return "" if re.search(rf"(?<!\w){re.escape(name[1])}(?!\w)", bare) else name[0]

    return not any(mark in _QUOTED.sub(asked, told) for mark in _MARKS)
