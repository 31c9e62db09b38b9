# SPDX-License-Identifier: Apache-2.0
"""Named, versioned queries: files that say what a result holds, so that anyone can compute it again.

A query is a TOML file `queries/<name>.<version>.toml`: over what it goes (`acts` or `events`), which parameters it asks
for, and conditions. A condition names a field (dots lead into objects) and the values of which the field must be one;
`$word` stands for a parameter. All conditions must hold. A published version never changes: its text is in every bundle.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wardkeep.evidence.errors import UnknownQuery

FOLDER = Path(__file__).parent / "queries"
OVER = ("acts", "events")
NAME = re.compile(r"[a-z][a-z-]{0,60}")
MOST_OF_A_VALUE = 200


@dataclass(frozen=True, slots=True)
class Query:
    """One version of a query, and the text that defines it."""

    name: str
    version: int
    over: str
    parameters: tuple[str, ...]
    where: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    title: Mapping[str, str]
    text: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text).hexdigest()

    def checked(self, values: Mapping[str, str]) -> dict[str, str]:
        """The values of its parameters, exactly those it asks for. Raises UnknownQuery."""
        if set(values) != set(self.parameters):
            asked = ", ".join(self.parameters) or "no parameter"
            raise UnknownQuery(f"{self.name} asks for {asked}, not for {', '.join(sorted(values)) or 'none'}")
        for name, value in values.items():
            if not isinstance(value, str) or not 0 < len(value) <= MOST_OF_A_VALUE or not value.isprintable():
                raise UnknownQuery(f"{name} is no text of 1 to {MOST_OF_A_VALUE} characters")
        return dict(values)

    def keeps(self, record: Mapping[str, Any], values: Mapping[str, str]) -> bool:
        """Whether a record belongs to the result. `values` were checked."""
        for path, wanted in self.where:
            found: Any = record
            for step in path:
                found = found.get(step) if isinstance(found, Mapping) else None
            if not isinstance(found, str) or found not in {values[w[1:]] if w[:1] == "$" else w for w in wanted}:
                return False
        return True


def queries() -> list[Query]:
    """Every version of every query, by name."""
    return sorted((_read(path) for path in FOLDER.glob("*.toml")), key=lambda query: (query.name, query.version))


def load(name: str, version: int | None = None) -> Query:
    """A query by its name; the newest version where none is named. Raises UnknownQuery."""
    found = [query for query in queries() if query.name == name and version in (None, query.version)]
    if not found:
        which = name if version is None else f"{name} version {version}"
        raise UnknownQuery(f"there is no query {which!r} here")
    return found[-1]


def _read(path: Path) -> Query:
    """Raises ValueError for a file that is none: a fault of ours, which a test finds."""
    text = path.read_bytes()
    said = tomllib.loads(text.decode())
    where = tuple((tuple(one["field"].split(".")), tuple(one["in"])) for one in said["where"])
    query = Query(
        name=said["name"],
        version=said["version"],
        over=said["over"],
        parameters=tuple(said["parameters"]),
        where=where,
        title=said["title"],
        text=text,
    )
    used = {word[1:] for _, wanted in where for word in wanted if word.startswith("$")}
    fits = NAME.fullmatch(query.name) and query.over in OVER and where and set(said["title"]) == {"en", "zh"}
    if not fits or used != set(query.parameters) or path.name != f"{query.name}.{query.version}.toml":
        raise ValueError(f"{path.name} is no query")
    return query
