# SPDX-License-Identifier: Apache-2.0
"""`Proposal`: a mapping that a person may confirm, with a reason and a confidence for each part of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wardkeep.watch.intake.proposing.draft import Column, Draft


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
    #: The name of the sheet, where it is no text.
    sheet: str | None = None

    def values(self, at: int) -> list[str]:
        """What stands in one column, without empty cells."""
        return [row[at].strip() for row in self.rows if at < len(row) and row[at].strip()]

    def place(self, at: int) -> Column:
        """How a mapping names a column."""
        name = self.names[at]
        return name if self.header and name.strip() and self.names.count(name) == 1 else at + 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """The whole of it."""

    parts: tuple[Proposed, ...]
    #: The mapping file.
    toml: str
    #: What it was made of and what it says; None where no table is seen.
    marks: Marks | None = None
    draft: Draft | None = None
    #: Columns that became nothing.
    unused: tuple[str, ...] = ()
    #: What stands in the way of using it: each must be mended by a person first.
    open: tuple[Because, ...] = ()
    #: Words of actions and outcomes that no list knows.
    unknown_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
