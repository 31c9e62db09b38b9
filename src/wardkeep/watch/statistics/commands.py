# SPDX-License-Identifier: Apache-2.0
"""Copies of whole tables: the commands of dump and restore tools, as a bastion or an audit log holds them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import islice

from wardkeep.watch.statistics.names import is_clinical, is_test, table_kind
from wardkeep.watch.statistics.schema import Schema
from wardkeep.watch.statistics.verdict import ORDINARY, Answer, By, Concept, How, Seen, Verdict, worst

#: A tool, and what it is told up to the next command of the line.
TOOL = re.compile(
    r"(?:\A|[\s/\\;&|])(expdp|exp|impdp|imp|mysqldump|mysqlpump|mydumper|pg_dump|pg_dumpall|pg_restore|bcp|mysql)(?:\.exe)?"
    r"\s+([^;&]*)",
    re.IGNORECASE,
)
#: Commands of one line that are looked at.
_MOST = 32
_NO_ROWS = re.compile(
    r"content\s*=\s*metadata_only|\brows\s*=\s*n\b|--no-data\b|--schema-only\b|--section=pre-data", re.IGNORECASE
)
_ORACLE = re.compile(
    r"\b(tables|schemas|owner|full|remap_schema|fromuser|touser|network_link)\s*=\s*(\([^)]*\)|[^\s]+)", re.I
)
_PG_TABLE = re.compile(r"(?:(?<!\S)-t\s*|--table[= ])([^\s]+)")
_RESTORE = re.compile(r"\brestore\s+database\s+([\[\"]?[\w$-]+[\]\"]?)\s+from\b", re.IGNORECASE)
_TEMPLATE = re.compile(
    r"\bcreate\s+database\s+[\[\"`]?([\w$-]+)[\]\"`]?\s+(?:with\s+)?(?:template\s*=?|as\s+copy\s+of)\s*[\[\"`]?([\w$.-]+)",
    re.I,
)
_PUMP = re.compile(
    r"dbms_datapump\s*\.\s*open\s*\(\s*(?:operation\s*=>\s*)?'(export|import)'\s*,\s*(?:job_mode\s*=>\s*)?'(\w+)'", re.I
)
_COPY = re.compile(r"\A\s*\\?copy\s+(?:binary\s+)?([\w.\"]+)(?:\s*\([^)]*\))?\s+to\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d][\w$.-]*")
_TAKES_VALUE = re.compile(r"(?<!\S)(?:-h|-u|-P|-S|-U|-d|-f|-D|--host|--user|--port)\s+\S+")
_OPTION = re.compile(r"(?<!\S)-{1,2}[\w-]+(?:=(?:\"[^\"]*\"|'[^']*'|\S*))?\S*")
_REDIRECT = re.compile(r"[<>|].*\Z", re.DOTALL)


def copied(text: str, schema: Schema) -> Verdict | None:
    """The verdict on a dump, a restore or a copy command, None where the text is none of them."""
    if (match := _RESTORE.search(text)) is not None:
        name = match[1].strip('[]"')
        return _copy({name}) if is_test(name) else ORDINARY
    if (match := _TEMPLATE.search(text)) is not None:
        return _copy({match[2]}) if is_clinical([match[2]]) else ORDINARY
    if (match := _PUMP.search(text)) is not None:
        mode = match[2].lower()
        return _copy({mode}) if mode in ("schema", "full") or _holds(_WORD.findall(text), schema) else None
    if (match := _COPY.search(text)) is not None:
        return _tables([match[1].replace('"', "")], schema)
    found = [_run(match[1].lower(), match[2], schema) for match in islice(TOOL.finditer(text), _MOST)]
    said = [verdict for verdict in found if verdict is not None]
    return worst(said) if said else None


def _run(tool: str, rest: str, schema: Schema) -> Verdict | None:
    return ORDINARY if _NO_ROWS.search(rest) else _TOOLS[tool](rest, schema)


def _exported(rest: str, schema: Schema) -> Verdict:
    said = _said(rest)
    if said.get("full", "").lower() in ("y", "yes"):
        return _copy({"full"})
    return _whole(_owners(said), _oracle_tables(said), schema)


def _imported(rest: str, schema: Schema) -> Verdict:
    """An import counts where it goes to a test user."""
    said = _said(rest)
    target = said.get("remap_schema", "").partition(":")[2] or said.get("touser", "")
    clinical = _whole(_owners(said), _oracle_tables(said), schema) is not ORDINARY
    return _copy({target}) if target and is_test(target) and clinical else ORDINARY


def _said(rest: str) -> dict[str, str]:
    return {m[1].lower(): m[2].strip("()") for m in _ORACLE.finditer(rest)}


def _owners(said: dict[str, str]) -> list[str]:
    return [word for key in ("schemas", "owner", "fromuser") for word in _WORD.findall(said.get(key, ""))]


def _oracle_tables(said: dict[str, str]) -> list[str]:
    return [word for word in re.split(r"[,\s]+", said.get("tables", "")) if word]


def _mysql_dumped(rest: str, schema: Schema) -> Verdict:
    if re.search(r"--all-databases|(?<!\S)-A(?!\S)", rest):
        return _copy({"--all-databases"})
    words = _words(_TAKES_VALUE.sub(" ", rest))
    if re.search(r"--databases|(?<!\S)-B(?!\S)", rest):
        return _whole(words, [], schema)
    return _whole(words[:1], words[1:], schema)


def _mysql_read(rest: str, schema: Schema) -> Verdict | None:
    """The client counts where it reads a dump into a test database; what else it runs is judged as SQL."""
    words = _words(_TAKES_VALUE.sub(" ", rest))
    return _copy(words[:1]) if "<" in rest and words and is_test(words[0]) else None


def _pg_dumped(rest: str, schema: Schema) -> Verdict:
    if re.search(r"(?<!\S)-s(?!\S)", rest):
        return ORDINARY
    tables = _PG_TABLE.findall(rest)
    named = _PG_BASE.search(rest)
    bases = [named[1]] if named else _words(_TAKES_VALUE.sub(" ", _PG_TABLE.sub(" ", rest)))[:1]
    return _whole(bases, tables, schema)


def _pg_restored(rest: str, schema: Schema) -> Verdict:
    named = _PG_BASE.search(rest)
    return _copy({named[1]}) if named and is_test(named[1]) else ORDINARY


def _bulk_copied(rest: str, schema: Schema) -> Verdict | None:
    table = _BCP_TABLE.match(rest)
    return _tables([table[1].translate(_BRACKETS)], schema) if table else None


_PG_BASE = re.compile(r"(?:(?<!\S)-d\s*|--dbname[= ])(\S+)")
_BCP_TABLE = re.compile(r"\s*\"?((?:\[[^\]]+\]|[\w$#]+)(?:\.+(?:\[[^\]]+\]|[\w$#]+)){0,3})\"?\s+out\b", re.IGNORECASE)
_TOOLS: dict[str, Callable[[str, Schema], Verdict | None]] = {
    "expdp": _exported,
    "exp": _exported,
    "impdp": _imported,
    "imp": _imported,
    "mysqldump": _mysql_dumped,
    "mysqlpump": _mysql_dumped,
    "mydumper": _mysql_dumped,
    "mysql": _mysql_read,
    "pg_dump": _pg_dumped,
    "pg_dumpall": lambda rest, schema: _copy({"*"}),
    "pg_restore": _pg_restored,
    "bcp": _bulk_copied,
}
_BRACKETS = str.maketrans("", "", '[]"')


def _tables(names: Iterable[str], schema: Schema) -> Verdict:
    held = _holds(names, schema)
    return _copy(held) if held else ORDINARY


def _whole(bases: Iterable[str], tables: Iterable[str], schema: Schema) -> Verdict:
    """Databases or schemas whole, or the tables of one that are named."""
    bases, tables = list(bases), list(tables)
    if tables:
        return _tables(tables, schema)
    known = {key.partition(".")[0] for key, table in schema.tables.items() if "." in key and table.kind.lines}
    clinical = [b for b in bases if is_clinical([b]) or b.lower() in known]
    return _copy(clinical) if clinical else ORDINARY


def _holds(tables: Iterable[str], schema: Schema) -> set[str]:
    """Those that hold lines of goods, or of bills and orders."""
    held = set()
    for name in tables:
        real = schema.target(name)
        key = schema.find(real, schema.tables)
        kind = schema.tables[key].kind if key else table_kind(real)
        view = schema.find(real, schema.views) is not None
        if (kind.lines and (kind.goods or kind.charges)) or (view and kind.goods):
            held.add(name)
    return held


def _words(rest: str) -> list[str]:
    return _WORD.findall(_OPTION.sub(" ", _REDIRECT.sub(" ", rest)))


def _copy(names: Iterable[str]) -> Verdict:
    seen = tuple(Seen(Concept.DRUG, name) for name in sorted(names))
    return Verdict(answer=Answer.STATISTICS, how=How.COPY, by=By.PRESCRIBER, seen=seen)
