# SPDX-License-Identifier: Apache-2.0
"""A mapping: how one delimited export is written, and what its columns and values mean. One small TOML file."""

from __future__ import annotations

import codecs
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from wardkeep.watch.event import Action, Outcome
from wardkeep.watch.intake.errors import BadMapping
from wardkeep.watch.intake.row import reserved
from wardkeep.watch.intake.timeformat import parser
from wardkeep.watch.intake.times import Zone

#: In place of an action: the column holds SQL, and what its statements do is the action.
STATEMENT = "statement"
#: What a column can become.
TARGETS = (
    "event_id", "time", "account", "patient_id", "action", "resource", "count", "purpose", "breakglass", "outcome", "system",
    "workstation", "ip", "site", "session_id", "query", "duration_s", "end_time",
)  # fmt: skip
#: What can be taken out of brackets.
INNER = ("account", "patient_id", "resource", "workstation", "ip", "site", "session_id", "system")
#: Targets with a closed vocabulary; `other` is an action that is no access.
VOCABULARIES: dict[str, tuple[str, ...]] = {
    "action": (*map(str, Action), "other"),
    "outcome": tuple(map(str, Outcome)),
    "breakglass": ("0", "1"),
}
SHIPPED = (
    "epic-style", "pipe-delimited", "db-audit-gb18030", "db-audit-utf8", "db-audit-statement", "oracle-unified-audit",
    "sqlserver-audit", "jumpserver-login", "jumpserver-command", "jumpserver-session", "jumpserver-file",
    "windows-security", "vpn", "door-badge", "print-log", "removable-media", "antivirus", "waf",
)  # fmt: skip
#: Targets that several columns can make, and what stands between them.
JOINED = {"time": " ", "end_time": " ", "event_id": "/"}
#: The word of a value map for every value that it does not name; within a longer word it stands for any text.
ANY = "*"
#: Letters that a pattern of file names has beside `*`, so that no mapping takes every file.
LITERAL = 3
#: Encodings in which a line end is not one byte, or bytes depend on what stood before.
_UNFIT = (
    "utf-32",
    "utf-7",
    "iso2022",
    "hz",
    "punycode",
    "idna",
    "unicode_escape",
    "raw_unicode_escape",
    "cp037",
    "cp500",
)

#: Names under which an event keeps something of another form.
RESERVED = frozenset(
    {*TARGETS, "actors", "columns", "format", "kind", "objects", "patients", "purposes", "source", "time_quality"}
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)

Place = str | int


class Telling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One more column that tells how an act ended, and what its words mean; an empty meaning: it says nothing."""

    column: Place
    values: dict[str, str]


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What some rows say in other columns than the rest, or mean whatever a column says."""

    #: Column (its number in quotes without a header) -> words, in which `*` stands for any text; each column holds one of its.
    when: dict[str, list[str]]
    #: Only where these two columns name one machine, however each writes it.
    same: tuple[Place, Place] | None = None
    #: In place of those of the mapping; a column that is absent says nothing.
    columns: dict[str, Place] = {}
    extra: dict[str, Place] = {}
    #: In place of what a column says.
    constants: dict[str, str | int | bool] = {}

    def place(self, column: str, *, header: bool) -> Place:
        """A column of `when`."""
        return int(column) if not header and column.isdecimal() else column


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A checked mapping."""

    name: str
    #: The system that wrote the log, where no column says it.
    system: str | None = None
    encoding: str = "utf-8"
    separator: str = ","
    #: Empty: no cell is quoted.
    quote: str = '"'
    header: bool = True
    #: Lines before the header (or before the first row) that are no data.
    skip_lines: int = 0
    zone: str | None = None
    time_format: str | list[str] = "iso"
    #: What a column becomes: target -> header or number (from 1). A list is joined: with a blank for `time`, with a slash for
    #: `event_id`, which is none where one of its parts is absent or empty.
    columns: dict[str, Place | list[Place]]
    #: Columns beside that of `outcome` that tell it too: what one of them refuses is no success.
    outcomes: list[Telling] = []
    #: Rows that are read otherwise; of several that fit, the first that names a target counts for it.
    cases: list[Case] = []
    #: Header (or number) of a column of times -> its zone, whatever the file's is and its name says.
    zones: dict[str, str] = {}
    #: What the common shape has no column for: name in `extra` -> column, which may be absent.
    extra: dict[str, Place] = {}
    #: Targets whose column may be absent.
    optional: list[str] = []
    values: dict[str, dict[str, str]] = {}
    constants: dict[str, str | int | bool] = {}
    #: Targets, and names in `extra`, that stand in brackets at the end of their cell: `张三(li4)` is `li4`.
    inside: list[str] = []
    #: Targets with several values in a cell, and what separates them.
    lists: dict[str, str] = {}
    #: Cells that mean nothing (`NULL`).
    empty: list[str] = []
    #: A time without an offset is refused (the hospital folder).
    offset_required: bool = False
    #: Names of files that it is for, where it lies among the home's confirmed mappings; `*` stands for any text.
    files: list[str] = []

    @property
    def formats(self) -> list[str]:
        return [self.time_format] if isinstance(self.time_format, str) else self.time_format

    @property
    def codec(self) -> str:
        """Python's name of the encoding."""
        return codecs.lookup(self.encoding).name

    def places(self, target: str) -> list[Place]:
        """The columns of a target."""
        found = self.columns.get(target, [])
        return found if isinstance(found, list) else [found]

    @property
    def named(self) -> list[Place]:
        """Every column that it names."""
        found = [place for target in self.columns for place in self.places(target)]
        more = [place for case in self.cases for place in (*case.columns.values(), *case.extra.values())]
        asked = [case.place(column, header=self.header) for case in self.cases for column in case.when]
        compared = [place for case in self.cases for place in case.same or ()]
        return [*found, *self.extra.values(), *(told.column for told in self.outcomes), *more, *asked, *compared]


#: The events of the hospital folder.
HOSPITAL = Mapping(
    name="hospital",
    system="hospital",
    columns={target: target for target in TARGETS if target != "end_time"},
    optional=[t for t in TARGETS if t not in ("time", "action", "end_time")],
    offset_required=True,
)


def load_mapping(source: str | Path) -> Mapping:
    """The mapping of a file, or a shipped one by its name. Raises BadMapping naming file, key and value."""
    if str(source) in SHIPPED:
        text = files("wardkeep.watch.intake").joinpath("mappings", f"{source}.toml").read_text("utf-8")
        return parse_mapping(text, str(source))
    path = Path(source)
    try:
        return parse_mapping(path.read_text("utf-8-sig"), path.name)
    except OSError as exc:
        raise BadMapping(
            f"{source}: {exc.strerror or type(exc).__name__}",
            hint=f"give a mapping file, or the name of a shipped one: {', '.join(SHIPPED)}",
        ) from None
    except UnicodeDecodeError:
        raise BadMapping(f"{path.name} is not in UTF-8", hint="save the mapping itself as UTF-8") from None


def parse_mapping(text: str, name: str) -> Mapping:
    """Parse and check; `name` is what errors call it. Raises BadMapping."""
    try:
        raw = tomllib.loads(text)
        mapping = msgspec.convert(raw, Mapping)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as exc:
        raise BadMapping(f"{name}: {exc}", hint="docs/reference/mapping-files.md lists every key") from None
    problem = _problem(mapping)
    if problem:
        raise BadMapping(f"{name}: {problem}", hint="docs/reference/mapping-files.md lists every key")
    return mapping


def mapping_beside(path: Path) -> Path | None:
    """The mapping that lies beside a file: `export.toml` beside `export.csv`, also beside `export.csv.gz`."""
    stem = path.name.removesuffix(".gz")
    beside = path.with_name(stem).with_suffix(".toml")
    return beside if beside.is_file() and beside != path else None


def _problem(mapping: Mapping) -> str | None:
    checks: tuple[Any, ...] = (_encoding, _marks, _columns, _extra, _values, _outcomes, _cases, _time, _files)
    return next((found for check in checks if (found := check(mapping))), None)


def _encoding(m: Mapping) -> str | None:
    try:
        codec = codecs.lookup(m.encoding)
        text = "a,b".encode(m.encoding).decode(m.encoding)
    except (LookupError, TypeError, UnicodeError, ValueError):
        return f"encoding is {m.encoding!r}, which is unknown"
    if codec.name.startswith(_UNFIT) or text != "a,b":
        return f"encoding is {m.encoding!r}, in which lines cannot be found: convert the file to UTF-8 first"
    return None


def _marks(m: Mapping) -> str | None:
    if not m.separator or set(m.separator) & {"\n", "\r", "\0"}:
        return f"separator is {m.separator!r}: give one or more characters, no line end"
    if len(m.quote) > 1 or m.quote in ("\n", "\r", "\0") or (m.quote and m.quote in m.separator):
        return f"quote is {m.quote!r}: give one character that is not in the separator, or nothing"
    if m.skip_lines < 0:
        return f"skip_lines is {m.skip_lines}: give 0 or more"
    return None


def _columns(m: Mapping) -> str | None:
    for place in (*m.columns, *m.constants, *m.values, *m.lists, *m.optional):
        if place not in TARGETS:
            return f"{place!r} is nothing a column can become: give one of {', '.join(TARGETS)}"
    for target, at in m.columns.items():
        if isinstance(at, list) and (target not in JOINED or not at):
            return f"columns.{target} is a list: only {' and '.join(JOINED)} can be made of several columns"
        for one in m.places(target):
            if problem := _column(m, f"columns.{target}", one):
                return problem
    for target in m.inside:
        if target not in INNER and target not in m.extra:
            return f"inside has {target!r}: give one of {', '.join(INNER)}, or a name of [extra]"
    return _needed(m)


def _column(m: Mapping, key: str, at: Place) -> str | None:
    if isinstance(at, int) and (isinstance(at, bool) or not 1 <= at <= 10_000):
        return f"{key} is {at}: columns are numbered from 1"
    if isinstance(at, str) and not m.header:
        return f"{key} is {at!r}, but there is no header: give its number"
    return None


def _extra(m: Mapping) -> str | None:
    return _extras(m, "extra", m.extra)


def _extras(m: Mapping, key: str, extra: dict[str, Place]) -> str | None:
    for name, at in extra.items():
        if name in RESERVED or not _NAME.fullmatch(name):
            return f"{key}.{name}: give a name of small letters, digits and _ that is no column and not taken"
        if problem := _column(m, f"{key}.{name}", at):
            return problem
    return None


def _needed(m: Mapping) -> str | None:
    if "time" not in m.columns:
        return "columns.time is missing"
    if "action" not in m.columns and "action" not in m.constants:
        return 'neither columns.action nor constants.action is there: a log of openings has constants.action = "read"'
    if not (m.system or "system" in m.columns or "system" in m.constants):
        return "neither system nor columns.system is there: name the system that wrote the log"
    if m.system and reserved(m.system):
        return f"system is {m.system!r}, as what is opened in Wardkeep itself: give another name"
    if any(not separator for separator in m.lists.values()) or set(m.lists) - {"patient_id"}:
        return "lists: only patient_id can have several values in a cell, with a separator that is not empty"
    return None


def _values(m: Mapping) -> str | None:
    for target in VOCABULARIES:
        for word in m.values.get(target, {}).values():
            if problem := _unknown_word(target, word):
                return problem
    return _constants("constants", m.constants)


def _constants(key: str, constants: dict[str, str | int | bool]) -> str | None:
    for target in VOCABULARIES:
        if target in constants and (problem := _unknown_word(target, _text(constants[target]))):
            return problem
    if reserved(system := _text(constants.get("system", ""))):
        return f"{key}.system is {system!r}, as what is opened in Wardkeep itself: give another name"
    count = constants.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        return f"{key}.count is {count!r}: give a number"
    return None


def _unknown_word(target: str, word: str) -> str | None:
    words = VOCABULARIES[target]
    if word in words or (target, word) == ("action", STATEMENT):
        return None
    return f"{target} has {word!r}: give one of {', '.join(words)}"


def _cases(m: Mapping) -> str | None:
    for case in m.cases:
        if not case.when or not all(case.when.values()):
            return "cases.when is empty: name a column, and the words that it holds in these rows"
        for target in (*case.columns, *case.constants):
            if target not in TARGETS or target in ("time", "end_time"):
                return f"cases has {target!r}: give one of {', '.join(t for t in TARGETS if t not in ('time', 'end_time'))}"
        if both := next((target for target in case.columns if target in case.constants), None):
            return f"cases has a column and a constant for {both}: give one of them"
        asked = {f"cases.when.{name}": case.place(name, header=m.header) for name in case.when}
        told = {f"cases.columns.{name}": at for name, at in case.columns.items()}
        compared = {f"cases.same[{i}]": at for i, at in enumerate(case.same or ())}
        for key, at in (asked | told | compared).items():
            if problem := _column(m, key, at):
                return problem
        if problem := _extras(m, "cases.extra", case.extra) or _constants("cases.constants", case.constants):
            return problem
    return None


def _outcomes(m: Mapping) -> str | None:
    for told in m.outcomes:
        if problem := _column(m, "outcomes.column", told.column):
            return problem
        for word in told.values.values():
            if word and word not in VOCABULARIES["outcome"]:
                return f"outcomes.values has {word!r}: give one of {', '.join(VOCABULARIES['outcome'])}, or nothing"
    return None


def _text(value: str | int | bool) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _time(m: Mapping) -> str | None:
    if not m.formats:
        return "time_format is empty"
    places = [*m.places("time"), *m.places("end_time")]
    times = {one for place in places for one in (str(place), *map(str.strip, str(place).split("|")))}
    if stranger := next((column for column in m.zones if column not in times), None):
        return f"zones has {stranger!r}, which is no column of columns.time or columns.end_time"
    for key, name in (("zone", m.zone), *((f"zones.{column}", name) for column, name in m.zones.items())):
        try:
            Zone("UTC" if name is None else name)
        except (ValueError, OSError, LookupError):
            return f"{key} is {name!r}, which is no time zone: give one like Asia/Shanghai"
    try:
        parser(m.formats, None)
    except ValueError as exc:
        return str(exc)
    if target := next((t for t in ("time", "end_time") if t in m.values or t in m.constants), None):
        return f"{target} can be neither a constant nor have a value map"
    return None


def _files(m: Mapping) -> str | None:
    for pattern in m.files:
        if len(pattern.replace(ANY, "")) < LITERAL or set(pattern) & set("/\\\n\r\0"):
            return (
                f"files has {pattern!r}: give a file's name without a folder, {LITERAL} letters beside {ANY} at least"
            )
    return None


def fits(mapping: Mapping, name: str) -> int:
    """How well the mapping is for a file of that name: the letters that its pattern says, 0 where none fits."""
    stem = name.removesuffix(".gz")
    found = [one for one in mapping.files if glob(one).fullmatch(stem)]
    return max((len(one.replace(ANY, "")) for one in found), default=0)


def glob(text: str) -> re.Pattern[str]:
    """What a word with `*` in it stands for."""
    return re.compile(".*".join(map(re.escape, text.split(ANY))), re.DOTALL | re.IGNORECASE)


def also_iso(mapping: Mapping) -> Mapping:
    """The mapping for a source that knows dates (a sheet, a database): those have ISO's form, whatever form its texts have."""
    if "iso" in mapping.formats:
        return mapping
    return msgspec.structs.replace(mapping, time_format=[*mapping.formats, "iso"])


def resolved(mapping: Mapping, zone: str) -> Mapping:
    """The mapping with the hospital's zone, where it names none of its own."""
    if mapping.zone or mapping.offset_required:
        return mapping
    return msgspec.structs.replace(mapping, zone=zone)
