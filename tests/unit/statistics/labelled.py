# SPDX-License-Identifier: Apache-2.0
"""The labelled statements, and how a reader does on them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from wardkeep.watch.statistics.reader import Reader
from wardkeep.watch.statistics.schema import Schema, read_schema
from wardkeep.watch.statistics.verdict import Answer

HERE = Path(__file__).parent
_HEAD = re.compile(r"^=== (?P<id>\w+) \| (?P<dialect>\w+) \| (?P<label>\w+) \| (?P<what>.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One of them."""

    id: str
    dialect: str
    label: Answer
    what: str
    text: str


def statements(name: str) -> list[Statement]:
    """Those of one file, in order."""
    text = (HERE / name).read_text(encoding="utf-8")
    heads = list(_HEAD.finditer(text))
    ends = [m.start() for m in heads[1:]] + [len(text)]
    return [
        Statement(m["id"], m["dialect"], Answer(m["label"]), m["what"], text[m.end() : end].strip("\n"))
        for m, end in zip(heads, ends, strict=True)
    ]


TUNED, HELD, LATER = (statements(f"statements{part}.txt") for part in ("", "-held", "-later"))


def schema() -> Schema:
    return read_schema((HERE / "schema.csv").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Score:
    """What a reader makes of labelled statements."""

    wrong: tuple[str, ...]
    recall: float
    precision: float


def score(known: list[Statement], reader: Reader) -> Score:
    """Recall and precision of `statistics`; what nobody could know (`unknown`) counts in neither, but must be said."""
    said = {s.id: reader.verdict(s.text).answer for s in known}
    wanted = {s.id for s in known if s.label is Answer.STATISTICS}
    flagged = {i for i, answer in said.items() if answer is Answer.STATISTICS}
    return Score(
        wrong=tuple(f"{s.id} {s.label} told as {said[s.id]}: {s.what}" for s in known if said[s.id] is not s.label),
        recall=len(wanted & flagged) / len(wanted),
        precision=len(wanted & flagged) / len(flagged) if flagged else 1.0,
    )
