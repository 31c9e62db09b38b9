# SPDX-License-Identifier: Apache-2.0
"""`Draft`: a mapping that is still being made, and the file that it becomes. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: How a mapping names a column: by its header, or by its number from 1.
Column = str | int

PROPOSED = "Proposed from the first rows: confirm each line before you ingest with it."


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """How a text is written, as somebody says who knows it."""

    encoding: str = "utf-8"
    separator: str = ","
    quote: str = '"'
    header: bool = True
    skip_lines: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """Everything that a mapping file says."""

    name: str
    #: Of a sheet nothing is said of how its text is written.
    sheet: bool = False
    written: Written = field(default_factory=Written)
    #: The system that wrote the log, where no column says it.
    system: str = ""
    #: Names of files that it is for.
    files: tuple[str, ...] = ()
    zone: str = ""
    time_format: str = ""
    columns: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: Columns that tell the outcome too, and what their words say of it.
    outcomes: Sequence[tuple[Column, Mapping[str, str]]] = ()
    #: Columns of times -> their zone, where it is another than their name says.
    zones: Mapping[str, str] = field(default_factory=dict)

    def toml(self, said: str = PROPOSED) -> str:
        """The mapping file, with `said` above it."""
        how = self.written
        lines = [f"# {said}", f"name = {_text(self.name)}"]
        lines += [f"system = {_text(self.system)}"] if self.system else []
        lines += [f"files = [{', '.join(map(_text, self.files))}]"] if self.files else []
        if not self.sheet:
            lines += [
                f"encoding = {_text(how.encoding)}",
                f"separator = {_text(how.separator)}",
                f"quote = {_text(how.quote if len(how.separator) == 1 else '')}",
            ]
        lines.append(f"header = {'true' if how.header else 'false'}")
        lines += [f"skip_lines = {how.skip_lines}"] if how.skip_lines else []
        lines += [f"zone = {_text(self.zone)}"] if self.zone else []
        lines += [f"time_format = {_text(self.time_format)}"] if self.time_format else []
        lines.append("\n[columns]")
        for target, at in self.columns.items():
            words = [str(one) if isinstance(one, int) else _text(one) for one in at]
            lines.append(f"{target} = {words[0] if len(words) == 1 else '[' + ', '.join(words) + ']'}")
        if self.constants:
            lines += ["\n[constants]", *(f"{target} = {_text(value)}" for target, value in self.constants.items())]
        for target, known in self.values.items():
            lines += [f"\n[values.{target}]", *_words(known)]
        if self.zones:
            lines += ["\n[zones]", *_words(self.zones)]
        for column, known in self.outcomes:
            place = str(column) if isinstance(column, int) else _text(column)
            lines += ["\n[[outcomes]]", f"column = {place}", "[outcomes.values]", *_words(known)]
        return "\n".join(lines) + "\n"


def _words(known: Mapping[str, str]) -> list[str]:
    return [f"{_text(word)} = {_text(code)}" for word, code in known.items()]


def _text(value: str) -> str:
    """A TOML string: JSON's escapes are TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
