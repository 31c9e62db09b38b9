# SPDX-License-Identifier: Apache-2.0
"""`Proposal`: a mapping that a person may confirm, with a reason and a confidence for each part of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Column = str | int


@dataclass(frozen=True, slots=True)
class Because:
    """Why something is proposed, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposed:
    """One part of a mapping: `encoding`, `columns.time`, `values.action` ..."""

    key: str
    value: str
    because: Because
    #: 0 to 1: below 0.5 it is a guess that somebody must look at.
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """How a text is written."""

    encoding: str
    separator: str
    quote: str
    header: bool
    skip_lines: int
    #: The cells of the header, or of the first row where there is none.
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    parts: tuple[Proposed, ...]

    def values(self, at: int) -> list[str]:
        """What stands in one column, without empty cells."""
        return [row[at].strip() for row in self.rows if at < len(row) and row[at].strip()]

    def place(self, at: int) -> Column:
        """How a mapping names a column."""
        return self.names[at] if self.header and self.names.count(self.names[at]) == 1 else at + 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """The whole of it."""

    parts: tuple[Proposed, ...]
    #: The mapping file.
    toml: str
    #: Columns that became nothing.
    unused: tuple[str, ...] = ()
    #: What stands in the way of using it: each must be mended by a person first.
    open: tuple[Because, ...] = ()
    #: Words of actions and outcomes that no list knows.
    unknown_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
