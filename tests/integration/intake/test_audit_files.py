# SPDX-License-Identifier: Apache-2.0
"""Large files of audit messages, syslog and OCSF events: cut the same, whoever reads, and no more damaged than they are."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.integration.intake.seeds import Seed, all_seeds
from wardkeep.watch.intake import read_batches
from wardkeep.watch.intake.limits import BLOCK

ZONE = "Asia/Shanghai"
SEEDS = {seed.name: seed for seed in all_seeds()}
#: Bytes behind each record, and how the file begins and ends.
FORMS = {
    "atna": (b"\n", b"\xef\xbb\xbf<log>\n", b"</log>\n"),
    "syslog": (b"\n", b"\xef\xbb\xbf", b""),
    # With a line's end behind each, as many senders write: a cut that ends in a digit and the next count would be one number.
    "syslog-counted": (b"\n", b"", b""),
    "ocsf-lines": (b"\n", b"\xef\xbb\xbf", b""),
}


def records(seed: Seed, size: int, chance: random.Random) -> list[bytes]:
    """The seed's records in any order up to that size; every 50th has lost its end."""
    known = [seed.data[start:end] for start, end in seed.spans]
    found: list[bytes] = []
    while size > 0:
        one = chance.choice(known)
        if len(found) % 50 == 49:
            one = one[: chance.randrange(20, len(one))]
        found.append(one)
        size -= len(one)
    return found


@pytest.mark.parametrize(
    "form", [pytest.param(form, marks=[] if form == "syslog-counted" else pytest.mark.soak) for form in FORMS]
)
def test_processes_and_one_process_agree_on_large_damaged_files(form: str, tmp_path: Path) -> None:
    between, begin, end = FORMS[form]
    rows = records(SEEDS[form], BLOCK + BLOCK // 16, random.Random(3))
    path = tmp_path / SEEDS[form].file
    path.write_bytes(begin + between.join(rows) + between + end)
    (alone,) = read_batches(path, zone=ZONE, rows=10**9)
    (crew,) = read_batches(path, zone=ZONE, rows=10**9, workers=2)
    assert alone.events.equals(crew.events) and alone.rejected == crew.rejected and alone.records == crew.records
    whole = len(rows) - len(rows) // 50
    # Syslog of any text is an event, also where its end is lost.
    assert whole <= alone.records - len(alone.rejected) <= len(rows)
    assert all(piece.format in (form, "syslog") or form == "ocsf-lines" for piece in alone.rejected)
