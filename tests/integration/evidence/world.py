# SPDX-License-Identifier: Apache-2.0
"""A store and a ledger with accesses and acts in between, and bundles of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stored import Kept, batch, row
from wardkeep.evidence import Range, Result, ask, load, parts, range_of, write
from wardkeep.ledger import act_leaf
from wardkeep.watch.store.sealed_rows import sealed_rows

DOCTOR, NURSE = "user:0192-doctor", "user:0192-nurse"
VERBS = ("case:outcome:set", "case:note:added", "case:state:reopened", "account:user:created")


def acts(seed: int, count: int) -> list[bytes]:
    dice = random.Random(seed)
    return [
        act_leaf(
            {
                "v": 1,
                "act": dice.choice(VERBS),
                "at": 1_772_424_000_000_000 + n,
                "actor": dice.choice((DOCTOR, NURSE, "cli")),
                "facts": {"case": f"c{dice.randrange(40)}", "outcome": "已核实"},
                "rows": [["cases_case", str(n), "9f" * 16]],
            }
        )
        for n in range(count)
    ]


@dataclass
class World:
    """A home's data, and what can be asked of it."""

    kept: Kept

    @classmethod
    def make(cls, path: Path) -> World:
        """About 900 entries: accesses of twelve patients, and acts of three actors between them."""
        world = cls(Kept(path))
        for turn in range(6):
            rows = [
                row(
                    f"e{turn}-{n}",
                    patient_id=f"P{n % 12}" if n % 5 else None,
                    account=f"a{n % 7}",
                    query="select 姓名" if n % 31 == 0 else None,
                    raw=f"{turn}-{n}".encode(),
                )
                for n in range(130)
            ]
            world.kept.take_in(batch(rows))
            with world.kept.ledger() as ledger:
                ledger.append("life", turn, acts(turn, 25))
        return world

    @property
    def vkey(self) -> str:
        return self.kept.reader().vkey("2026")

    @property
    def size(self) -> int:
        return self.kept.reader().size("2026")

    def rows(self, log: str, first: int, last: int, patients: Sequence[str] | None) -> Any:
        return sealed_rows(self.kept.store, log, first, last, patients=patients)

    def ask(self, name: str, first: int, last: int, **values: str) -> tuple[Range, Result]:
        reader = self.kept.reader()
        where = range_of(reader, str(first), str(last))
        return where, ask(load(name), values, where, reader=reader, rows=self.rows)

    def bundle(self, name: str, first: int, last: int, out: Path, **values: str) -> Path:
        reader = self.kept.reader()
        where, found = self.ask(name, first, last, **values)
        write(parts(reader, load(name), values, where, found, note=reader.note("2026")), out)
        return out
