# SPDX-License-Identifier: Apache-2.0
"""Judging the text of every statement: which are statistics (统方), which are pieces of one, which nobody could evaluate.

Makes `statistics_text` (statistics), `statistics_piece` (what counts together only), `statistics_form` (each form of statement
with its fingerprint and the columns in which its concepts were seen) and `statistics_unknown` (calls that nothing explains).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from wardkeep.watch.engine import Engine
from wardkeep.watch.statistics.normalise import fingerprint, values
from wardkeep.watch.statistics.reader import Reader
from wardkeep.watch.statistics.schema import Schema
from wardkeep.watch.statistics.verdict import Answer, By, How, Verdict

_TEXT = (
    ("eid", "BIGINT"),
    ("by_prescriber", "INTEGER"),
    ("lines", "INTEGER"),
    ("form", "INTEGER"),
    ("other_ticket", "VARCHAR"),
)
_PIECE = (
    ("eid", "BIGINT"), ("a", "INTEGER"), ("day", "INTEGER"), ("time_us", "BIGINT"), ("records", "BIGINT"),
    ("form", "INTEGER"), ("piece", "VARCHAR"), ("by_prescriber", "INTEGER"), ("other_ticket", "VARCHAR"),
)  # fmt: skip
_FORM = (("form", "INTEGER"), ("fingerprint", "VARCHAR"), ("columns", "VARCHAR"), ("parsed", "BOOLEAN"))
_UNKNOWN = (("eid", "BIGINT"), ("procedure", "VARCHAR"))
_ASKED = "eid, a, day, time_us, records, ticket_id, ticket_kind, account, person, kind, query, writes, counted"
#: Words without which nothing is read, the first letters of full-width ones among them.
_READS = ("select", "using", "exec", "table", "prepare", "call", "begin", "copy", "\uff45")
#: Names that a finding shows at most.
_SHOWN = 12


def read_statements(engine: Engine, schema: Schema, numbers: Mapping[str, int | float]) -> None:
    """Judge the text of every statement without a ticket for statistics."""
    judging = _Judging(Reader(schema), int(numbers["bulk_records"]))
    # A day at a time, so that the texts of a month never stand in memory together.
    for (day,) in engine.rows("SELECT DISTINCT t.day FROM asked_text AS t ORDER BY t.day"):
        asked = f"SELECT {_ASKED} FROM asked_text AS t WHERE t.day = {int(day)} ORDER BY t.eid"  # noqa: S608 - a number
        for row in engine.rows(asked):
            judging.take(*row)
    engine.put("statistics_text", _TEXT, judging.texts)
    engine.put("statistics_piece", _PIECE, judging.pieces)
    engine.put("statistics_form", _FORM, judging.forms.values())
    engine.put("statistics_unknown", _UNKNOWN, judging.unknown)


def _may_read(query: str) -> bool:
    """Whether a statement that writes may read what it writes: most of an application's say their values."""
    text = query.lower()
    return any(word in text for word in _READS)


class _Judging:
    """The rows that verdicts make."""

    def __init__(self, reader: Reader, bulk: int) -> None:
        self.reader, self.bulk = reader, bulk
        self.texts: list[tuple[Any, ...]] = []
        self.pieces: list[tuple[Any, ...]] = []
        self.forms: dict[str, tuple[int, str, str, bool]] = {}
        self.unknown: list[tuple[int, str]] = []

    def take(
        self,
        eid: int,
        a: int,
        day: int,
        time_us: int,
        records: int | None,
        ticket: str | None,
        ticket_kind: str | None,
        account: str,
        person: str | None,
        kind: str,
        query: str,
        writes: int,
        counted: int,
    ) -> None:
        if writes and not _may_read(query):
            return
        shaped, verdict = self.reader.told(query)
        self.unknown += [(eid, name) for name in verdict.unknown]
        if verdict.answer not in (Answer.STATISTICS, Answer.PIECE):
            return
        other = json.dumps(f"{ticket} ({ticket_kind})", ensure_ascii=False) if ticket else None
        by_prescriber = int(verdict.by is By.PRESCRIBER)
        # Where nobody tells how many rows a person's statement gave, all of them count as many.
        lines = verdict.how is How.LINES and bool(counted or kind == "service")
        if verdict.answer is Answer.STATISTICS:
            self.texts.append((eid, by_prescriber, int(lines), self._form(shaped, verdict), other))
        # Applications ask for one doctor's lines all day long: only people's pieces count together.
        few = verdict.answer is Answer.PIECE or (lines and (records or 0) < self.bulk)
        if few and kind != "service":
            said = values(query)
            if not {account, person}.isdisjoint(said):
                # One's own list.
                return
            piece = hashlib.sha256("\0".join([shaped, *said]).encode("utf-8", "surrogatepass")).hexdigest()[:16]
            form = self._form(shaped, verdict)
            self.pieces.append((eid, a, day, time_us, records, form, piece, by_prescriber, other))

    def _form(self, shaped: str, verdict: Verdict) -> int:
        known = self.forms.get(shaped)
        if known is None:
            shown = ", ".join(f"{one.concept}: {one.name}" for one in verdict.seen[:_SHOWN])
            name = json.dumps(fingerprint(shaped))
            known = (len(self.forms) + 1, name, json.dumps(shown, ensure_ascii=False), verdict.certain)
            self.forms[shaped] = known
        return known[0]
