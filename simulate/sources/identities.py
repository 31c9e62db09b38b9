# SPDX-License-Identifier: Apache-2.0
"""One person under several accounts and numbers: domain, bastion and card beside the HIS number, and a number from before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulate.draw import Array, Bools, Ints
from simulate.house import ROLE, House
from simulate.parameters import Parameters
from simulate.people import People
from simulate.sources.noise import SECOND_NUMBER, UNKNOWN_ACCOUNT, UNKNOWN_CARD
from simulate.tables import dates, staff_ids, text

#: Accounts behind which applications stand, and their databases.
HIS_APP, EMR_APP = "HIS_APP", "EMR_APP"
APPLICATIONS = (HIS_APP, EMR_APP)
#: Who signs in to the bastion.
ADMINISTERS = ("it", "device_engineer", "vendor")


@dataclass
class Identities:
    """By staff row: the name in the domain (the VPN asks for the same), on the bastion ("" without), and the card."""

    domain: Array
    bastion: Array
    card: Array
    #: Which of them the export of accounts lacks.
    domain_unknown: Bools
    card_unknown: Bools
    #: Staff rows that have an earlier number, and that number.
    second: Ints
    second_id: Array

    def kiosk(self, code: str) -> str:
        return f"kiosk-{code.lower()}"


def make_identities(h: House, rng: np.random.Generator) -> Identities:
    n = len(h.s_role)
    administers = np.isin(h.s_role, [ROLE[r] for r in ADMINISTERS])
    numbers, cards = rng.permutation(n), rng.permutation(n)
    settled = np.flatnonzero((h.s_from < -60) & (h.s_to >= House.NEVER))
    second = np.sort(rng.permutation(settled)[: max(2, round(n * SECOND_NUMBER))])
    return Identities(
        domain=np.array([f"d{10_000 + x}" for x in numbers], dtype=object),
        bastion=np.array([f"jms{x:04d}" if a else "" for x, a in zip(numbers, administers, strict=True)], dtype=object),
        card=np.array([f"C{40_000_000 + 37 * x}" for x in cards], dtype=object),
        domain_unknown=rng.random(n) < UNKNOWN_ACCOUNT,
        card_unknown=rng.random(n) < UNKNOWN_CARD,
        second=second,
        second_id=np.array([f"S{90_001 + i:05d}" for i in range(len(second))], dtype=object),
    )


def add_to_tables(tables: dict[str, pa.Table], i: Identities, p: Parameters, h: House, people: People) -> None:
    """The accounts as an export of accounts has them, and the earlier numbers as the staff table has them."""
    n = len(h.s_role)
    number = staff_ids(np.arange(n)).to_pylist()
    under = dict(zip(i.second.tolist(), i.second_id.tolist(), strict=True))
    rows: list[tuple[str, str | None, str, str | None]] = []
    for row in range(n):
        # The domain was never told of the new number.
        if not i.domain_unknown[row]:
            rows.append((i.domain[row], under.get(row, number[row]), "person", None))
        if i.bastion[row]:
            rows.append((i.bastion[row], number[row], "person", None))
        if not i.card_unknown[row]:
            rows.append((i.card[row], number[row], "person", None))
    rows += [(name, None, "service", None) for name in APPLICATIONS]
    rows += [(i.kiosk(code), None, "shared", code) for code in h.d_code]
    account, staff, kind, dept = zip(*rows, strict=True)
    since = dates(p, np.full(len(rows), -900))
    tables["accounts"] = _append(
        tables["accounts"],
        {"account": account, "staff_id": staff, "kind": kind, "enabled_from": since, "department": dept},
    )
    left = h.s_from[i.second] - 200
    tables["staff"] = _append(
        tables["staff"],
        {
            "staff_id": i.second_id, "name": text(people.staff_name[i.second]),
            "role": tables["staff"]["role"].take(pa.array(i.second)), "phone": text(people.staff_phone[i.second]),
            "department": tables["staff"]["department"].take(pa.array(i.second)),
            "employed_from": dates(p, left - 900), "employed_to": dates(p, left),
        },
    )  # fmt: skip


def _append(table: pa.Table, columns: dict[str, object]) -> pa.Table:
    """The table with more rows; columns that are not given are null."""
    size = len(columns[next(iter(columns))])  # type: ignore[arg-type]
    arrays = []
    for name in table.column_names:
        given = columns.get(name)
        if given is None:
            arrays.append(pa.nulls(size, pa.string()))
        elif isinstance(given, pa.ChunkedArray):
            arrays.append(given.combine_chunks())
        else:
            arrays.append(given if isinstance(given, pa.Array) else pa.array(list(given), pa.string()))  # type: ignore[call-overload]
    return pa.concat_tables([table, pa.table(dict(zip(table.column_names, arrays, strict=True)))]).combine_chunks()
