# SPDX-License-Identifier: Apache-2.0
"""Everything that an operator can set: typed, listed here and nowhere else, checked together at start.

`config.toml` has one table per class below. An unknown key, a wrong type, a value out of range or two settings that
contradict each other are refused, all of them in one message, each with its key, its value and the next step.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import msgspec

from wardkeep.alerts import Live, live_faults
from wardkeep.listeners import LOOPBACK, NAME, SIZE, Intake, intake_faults
from wardkeep.notices import Notices, notices_faults
from wardkeep.watch.thresholds import ThresholdError, Thresholds


class SettingsError(Exception):
    """The settings cannot be used; the message lists every fault."""

    exit_status = 2

    def __init__(self, faults: list[str], path: Path | None = None) -> None:
        self.faults = faults
        self.hint = f"mend {path}" if path else None
        super().__init__("; ".join(faults))


@dataclass(frozen=True, kw_only=True, slots=True)
class Hospital:
    """Who we work for."""

    #: Shown on pages and in reports.
    name: str = "Hospital"
    #: IANA name; local days are days of this zone.
    timezone: str = "Asia/Shanghai"
    #: Language of a person who has chosen none.
    language: Literal["zh", "en"] = "zh"
    #: Part of every key and pseudonym: can never change once there is data.
    tenant: str = "hospital"
    #: Systems whose logs should arrive: one without any event is shown as never connected.
    systems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Database:
    """Where Django's rows are."""

    #: `sqlite` (in the home folder) or `postgresql://user[:password]@host[:port]/name`.
    url: str = "sqlite"


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """Where the root key is."""

    #: `file` or `passphrase`.
    provider: str = "file"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ledger:
    """Who else vouches for the ledger."""

    #: A policy file (c2sp.org/tlog-policy) in the home folder that names witnesses, their addresses and how many are
    #: enough. Empty: nobody is asked, and nothing leaves this machine.
    witnesses: str = ""
    #: Seconds between two rounds in which new checkpoints are sent to the witnesses.
    ask_every: int = 60
    #: Accepts http to a witness on another machine: others on the way can then read sizes and times, and forge nothing.
    plain_http: bool = False
    #: Address of a time-stamping authority (RFC 3161) that stamps the checkpoint of each day; http will do, an answer is
    #: believed only under `timestamp_roots`. Empty: nobody is asked.
    timestamps: str = ""
    #: A PEM file in the home folder with the root certificates of that authority.
    timestamp_roots: str = ""
    #: A second signature on published checkpoints that no quantum computer forges (3.3 KB each).
    second_signature: Literal["none", "ml-dsa-44"] = "none"
    #: A signature with SM2 and SM3 in a file beside each published and each kept checkpoint; needs the extra `sm`.
    sidecar: Literal["none", "sm2"] = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """How much of the machine a judgement may use."""

    #: DuckDB's limit, such as `4GB`.
    memory_limit: str = "4GB"
    #: Threads of one judgement.
    threads: int = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Judging:
    """What becomes a case, when, and how many."""

    #: Hours after the last event before a case opens, so that late documentation can explain it.
    settling_hours: int = 48
    #: Cases shown to reviewers per local day.
    cases_a_day: int = 10
    #: Share of those slots that random cases take, from which precision is estimated.
    random_share: float = 0.1
    #: Whether opening one's own record is a case or goes to a weekly list.
    self_access: Literal["case", "weekly"] = "case"
    #: Days that the nightly pass looks back.
    window_days: int = 30
    #: Local time of the nightly pass, HH:MM.
    nightly_at: str = "02:30"
    #: A file in the home folder that says what names in SQL statements mean, and names the imported schema
    #: (docs/how-to/statistics-queries.md). Empty: names speak for themselves.
    statistics: str = ""
    #: Thresholds of reasons and detections by name; those not named keep their default.
    thresholds: Mapping[str, Any] = field(default_factory=dict)

    def all_thresholds(self) -> Thresholds:
        """What a judgement goes by. Raises ThresholdError."""
        return Thresholds.of(
            self.thresholds,
            settling_hours=self.settling_hours,
            cases_a_day=self.cases_a_day,
            random_share=self.random_share,
            self_access=self.self_access,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Records:
    """Signed records that are sealed and checked every night, straight from their databases and archives."""

    #: Source files of records, in the home folder or with their whole path (docs/how-to/check-records.md).
    sources: tuple[str, ...] = ()
    #: Local time of the check, HH:MM.
    nightly_at: str = "03:30"
    #: Sealed records of each source that are drawn and read again.
    sample: int = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Console:
    """Where and how the web console answers."""

    #: Address to listen on.
    bind: str = "127.0.0.1"
    #: Port; 0 takes a free one.
    port: int = 8420
    #: Names and addresses under which people reach it; needed when `bind` is every address.
    hosts: tuple[str, ...] = ()
    #: True where TLS ends in front of us (cookies are then sent over TLS only); required when `bind` is not the
    #: loopback, unless `plain_http` says that this is meant.
    tls: bool = False
    #: Accepts that sign-in travels unencrypted.
    plain_http: bool = False
    #: Hours until a session ends.
    session_hours: int = 8
    #: Minutes without a request until a session ends.
    idle_minutes: int = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """All of it."""

    hospital: Hospital = Hospital()
    database: Database = Database()
    keys: Keys = Keys()
    ledger: Ledger = Ledger()
    intake: Intake = Intake()  # noqa: RUF009 - it is frozen
    engine: Engine = Engine()
    judging: Judging = Judging()
    live: Live = Live()  # noqa: RUF009 - it is frozen
    records: Records = Records()
    notices: Notices = Notices()  # noqa: RUF009 - it is frozen
    console: Console = Console()


ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def load_settings(path: Path) -> Settings:
    """Read and check `config.toml`. Raises SettingsError with every fault."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise SettingsError([f"{path.name} is no TOML: {exc}"], path) from exc
    return parse_settings(raw, path)


def parse_settings(raw: Mapping[str, Any], path: Path | None = None) -> Settings:
    """Turn tables into `Settings`; `path` is only named in the hint. Raises SettingsError with every fault."""
    faults: list[str] = []
    tables: dict[str, Any] = {}
    types = {f.name: type(f.default) for f in dataclasses.fields(Settings)}
    for name, table in raw.items():
        if name not in types:
            faults.append(f"[{name}] is no table of ours: use one of {', '.join(types)}")
        elif not isinstance(table, Mapping):
            faults.append(f"{name} = {table!r} should be a table: write [{name}]")
        else:
            tables[name] = _parse_table(name, types[name], table, faults)
    if not faults:
        settings = Settings(**tables)
        faults = list(check(settings))
        if not faults:
            return settings
    raise SettingsError(faults, path)


def _parse_table(name: str, kind: type, table: Mapping[str, Any], faults: list[str]) -> Any:
    hints = get_type_hints(kind)
    values = {}
    for key, value in table.items():
        if key not in hints:
            faults.append(f"{name}.{key} is no setting: use one of {', '.join(hints)}")
            continue
        if (below := _kind_of_tables(hints[key])) is not None and isinstance(value, Mapping):
            values[key] = _parse_tables(f"{name}.{key}", below, value, faults)
            continue
        try:
            values[key] = msgspec.convert(value, hints[key])
        except msgspec.ValidationError as exc:
            shown = "(not shown)" if key == "url" else repr(value)
            faults.append(f"{name}.{key} = {shown}: {exc}")
    missing = [f.name for f in dataclasses.fields(kind) if _required(f) and f.name not in table]
    faults += [f"{name}.{key} is missing: write it" for key in missing]
    return (
        None
        if missing or any(_required(f) and f.name not in values for f in dataclasses.fields(kind))
        else kind(**values)
    )


def _parse_tables(name: str, kind: type, tables: Mapping[str, Any], faults: list[str]) -> dict[str, Any]:
    """Tables of one kind, by the names that the operator gave them."""
    found = {}
    for key, table in tables.items():
        if isinstance(table, Mapping):
            found[key] = _parse_table(f"{name}.{key}", kind, table, faults)
        else:
            faults.append(f"{name}.{key} = {table!r} should be a table: write [{name}.{key}]")
    return found


def _kind_of_tables(hint: Any) -> type | None:
    """The kind of a setting that is itself tables by name."""
    kinds = [kind for kind in get_args(hint) if dataclasses.is_dataclass(kind)]
    return kinds[0] if kinds else None  # type: ignore[return-value]


def _required(item: dataclasses.Field[Any]) -> bool:
    return item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING


def check(settings: Settings) -> list[str]:
    """Every fault of values that have the right type: ranges, and settings that contradict each other."""
    s = settings
    rules: list[tuple[bool, str]] = [
        (
            s.hospital.timezone in available_timezones(),
            f"hospital.timezone = {s.hospital.timezone!r} is no IANA zone: write one such as Asia/Shanghai",
        ),
        (
            bool(NAME.fullmatch(s.hospital.tenant)),
            f"hospital.tenant = {s.hospital.tenant!r}: use 1 to 40 of a-z, 0-9 and inner hyphens",
        ),
        (
            bool(s.hospital.name.strip()) and "\n" not in s.hospital.name,
            "hospital.name is empty or has a line break: write one line",
        ),
        (
            _database_ok(s.database.url),
            "database.url (not shown: it may hold a password) is neither `sqlite` nor postgresql://user@host/name",
        ),
        (
            s.keys.provider in ("file", "passphrase"),
            f"keys.provider = {s.keys.provider!r} is not built in: use file or passphrase",
        ),
        (
            "\0" not in s.ledger.witnesses and s.ledger.witnesses == s.ledger.witnesses.strip(),
            f"ledger.witnesses = {s.ledger.witnesses!r} is no name of a file: write one such as witnesses.policy",
        ),
        (1 <= s.ledger.ask_every <= 86400, f"ledger.ask_every = {s.ledger.ask_every}: use 1 to 86400"),
        (
            not s.ledger.timestamps or _address_ok(s.ledger.timestamps),
            f"ledger.timestamps = {s.ledger.timestamps!r} is no address: write http://HOST/PATH or https://HOST/PATH",
        ),
        (
            bool(s.ledger.timestamps) == bool(s.ledger.timestamp_roots),
            f"ledger.timestamps = {s.ledger.timestamps!r} and ledger.timestamp_roots = {s.ledger.timestamp_roots!r}: set "
            "both, a stamp is believed only under the authority's own certificates",
        ),
        (
            "\0" not in s.ledger.timestamp_roots and s.ledger.timestamp_roots == s.ledger.timestamp_roots.strip(),
            f"ledger.timestamp_roots = {s.ledger.timestamp_roots!r} is no name of a file: write one such as tsa.pem",
        ),
        (
            bool(SIZE.fullmatch(s.engine.memory_limit)),
            f"engine.memory_limit = {s.engine.memory_limit!r}: write a size such as 4GB",
        ),
        (1 <= s.engine.threads <= 256, f"engine.threads = {s.engine.threads}: use 1 to 256"),
        (
            0 <= s.judging.settling_hours <= 24 * 30,
            f"judging.settling_hours = {s.judging.settling_hours}: use 0 to 720",
        ),
        (1 <= s.judging.cases_a_day <= 1000, f"judging.cases_a_day = {s.judging.cases_a_day}: use 1 to 1000"),
        (0 <= s.judging.random_share <= 0.5, f"judging.random_share = {s.judging.random_share}: use 0 to 0.5"),
        (1 <= s.judging.window_days <= 366, f"judging.window_days = {s.judging.window_days}: use 1 to 366"),
        (
            s.judging.settling_hours < 24 * s.judging.window_days,
            f"judging.settling_hours = {s.judging.settling_hours} is not shorter than judging.window_days = "
            f"{s.judging.window_days}: no case would ever open; lengthen the window or shorten the settling time",
        ),
        (
            bool(_CLOCK.fullmatch(s.judging.nightly_at)),
            f"judging.nightly_at = {s.judging.nightly_at!r}: write a time such as 02:30",
        ),
        (
            bool(_CLOCK.fullmatch(s.records.nightly_at)),
            f"records.nightly_at = {s.records.nightly_at!r}: write a time such as 03:30",
        ),
        (1 <= s.records.sample <= 100_000, f"records.sample = {s.records.sample}: use 1 to 100000"),
        (
            all(one.strip() and one.isprintable() for one in s.records.sources)
            and len(set(s.records.sources)) == len(s.records.sources),
            f"records.sources = {list(s.records.sources)!r}: name each source file once",
        ),
        (0 <= s.console.port <= 65535, f"console.port = {s.console.port}: use 0 to 65535"),
        (1 <= s.console.session_hours <= 24, f"console.session_hours = {s.console.session_hours}: use 1 to 24"),
        (1 <= s.console.idle_minutes <= 480, f"console.idle_minutes = {s.console.idle_minutes}: use 1 to 480"),
        (
            s.console.bind in LOOPBACK or s.console.tls or s.console.plain_http,
            f"console.bind = {s.console.bind!r} with console.tls = false sends passwords unencrypted: put TLS in "
            "front and set tls = true, or set plain_http = true to accept it",
        ),
        (
            not (s.console.tls and s.console.plain_http),
            "console.tls and console.plain_http are both true: keep one",
        ),
        (
            s.console.bind not in ANY_ADDRESS or bool(s.console.hosts),
            f"console.bind = {s.console.bind!r} needs console.hosts: list the names and addresses under which people "
            "reach the console",
        ),
    ]
    faults = [message for holds, message in rules if not holds]
    try:
        s.judging.all_thresholds()
    except ThresholdError as exc:
        faults.append(f"judging.thresholds: {exc}")
    faults += intake_faults(s.intake)
    faults += notices_faults(s.notices)
    faults += live_faults(s.live)
    set_twice = {"settling_hours", "cases_a_day", "random_share", "self_access"} & set(s.judging.thresholds)
    faults += [f"judging.thresholds.{name}: write it as judging.{name}" for name in sorted(set_twice)]
    return faults


def _address_ok(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url


def _database_ok(url: str) -> bool:
    if url == "sqlite":
        return True
    try:
        parts = urlsplit(url)
        return parts.scheme in ("postgresql", "postgres") and len(parts.path) > 1 and (parts.port or 5432) > 0
    except ValueError:
        return False


def render(settings: Settings) -> str:
    """`settings` as the text of config.toml, every key written out with its meaning left to the documentation."""
    lines = []
    for table in dataclasses.fields(settings):
        lines.append(f"[{table.name}]")
        values = getattr(settings, table.name)
        for item in dataclasses.fields(values):
            value = getattr(values, item.name)
            if not isinstance(value, Mapping):
                lines.append(f"{item.name} = {_toml(value)}")
        lines.append("")
        for item in dataclasses.fields(values):
            if isinstance(value := getattr(values, item.name), Mapping) and value:
                lines += _tables(f"{table.name}.{item.name}", value)
    return "\n".join(lines)


def _tables(name: str, value: Mapping[str, Any]) -> list[str]:
    """A table of values, or of tables."""
    below = {
        k: dataclasses.asdict(v) for k, v in value.items() if dataclasses.is_dataclass(v) and not isinstance(v, type)
    }
    if not below:
        return [f"[{name}]", *(f"{k} = {_toml(v)}" for k, v in value.items()), ""]
    return [line for key, table in below.items() for line in _tables(f"{name}.{key}", table)]


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()
    return str(value)
