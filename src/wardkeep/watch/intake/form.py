# SPDX-License-Identifier: Apache-2.0
"""`Form`: a log format with a reader of its own, as the planning sees it.

The module of a form is imported when a file is asked whether it is one, so what is costly to import stays in its functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.row import Read


class Reader(Protocol):
    """Makes records of blocks. One is made for each file and process, so it may remember what repeats."""

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every record of a block whose first line has the number `first`; broken ones as Rejected. Never raises."""


class FormModule(Protocol):
    """What the module of a form holds."""

    @staticmethod
    def recognises(name: str, head: bytes) -> bool:
        """Whether the file is one, by its name without the folder and its first bytes (limits.LOOK)."""

    @staticmethod
    def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
        """Whole records, some at a time; the same cut whoever reads."""

    @staticmethod
    def reader(source: str, zone: str, mapping: Mapping | None) -> Reader:
        """A reader for the file `source`; `zone` is that of local times."""


@dataclass(frozen=True, slots=True)
class Form:
    """A format by its name, and where its reader is."""

    name: str
    module: str
    #: Whether its columns are read as a mapping says.
    mapped: bool = False
    #: Whether one reader has to see it from begin to end: what was said before counts, or its blocks are no parts of the file.
    alone: bool = False

    def load(self) -> FormModule:
        return cast(FormModule, import_module(self.module))
