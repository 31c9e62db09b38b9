# SPDX-License-Identifier: Apache-2.0
"""The kept checkpoints on the ledger's page, and the sheet of a day for the minutes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.unit.web import hospital
from tests.unit.web.markup import faults
from wardkeep.jobs.dated import UNSIGNED, Dated
from wardkeep.ledger.note import Checkpoint, Signature, Verifier, open_checkpoint
from wardkeep.ledger.sidecar import Sidecar, State
from wardkeep.ledger.timestamp import Stamped
from wardkeep.web.draw.minutes import Sheet, draw_minutes, page_of, short_note

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(32))
CHECKPOINT = Checkpoint("hospital.example/ledger/2026", 1_234_567, bytes(range(32)))
STAMP = Stamped(datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC), "CN=Authority <1>", 7)


def day(
    number: int, *, stamped: bool = False, problem: str = "", disagrees: str = "", sidecar: Sidecar = UNSIGNED
) -> Dated:
    return Dated(
        day=date(2026, 3, number),
        size=1_234,
        root="00" * 32,
        stamped=STAMP if stamped else None,
        problem=problem,
        disagrees=disagrees,
        sidecar=sidecar,
    )


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "days",
    [
        [],
        [day(3), day(2)],
        [day(3, stamped=True), day(2, problem="no answer")],
        [day(2, disagrees="log 2026 was set back")],
        [day(2, disagrees="the SM2 signature of it does not hold", sidecar=Sidecar(State.FAILS))],
    ],
)
def test_the_page_shows_each_kept_day(
    days: list[Dated], language: str, enter: Any, house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.web.ledger import read

    monkeypatch.setattr(read, "dated", lambda home, reader, most: days)
    content = enter("auditor", language).get("/ledger/").content.decode()
    assert faults(content) == []
    for one in days:
        assert ("2026-03-02 09:02:03" in content) == any(other.stamped for other in days)
        assert (f"/ledger/minutes/{one.day.isoformat()}/" in content) == (not one.disagrees)
        assert f"{one.day.isoformat()}" in content


def test_the_sheet_of_a_kept_day_is_a_file_that_draws_and_verifies(enter: Any, house: Any) -> None:
    kept = hospital.kept_day()
    answer = enter("auditor", "en").get(f"/ledger/minutes/{kept}/")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="ledger-{kept}.svg"'
    texts = [one.text for one in ElementTree.fromstring(answer.content.decode()).iter() if one.tag.endswith("text")]
    assert f"State of the ledger on {kept}" in texts


@pytest.mark.parametrize("name", ["1999-01-01", "today", "2026-3-1", "x"])
def test_a_day_that_was_not_kept_has_no_sheet(name: str, enter: Any, house: Any) -> None:
    assert enter("auditor", "en").get(f"/ledger/minutes/{name}/").status_code == 404


def test_a_sheet_escapes_what_it_says_and_runs_nothing() -> None:
    note = CHECKPOINT.sign(SIGNER)
    sheet = Sheet(
        hospital="<script>&\"'", day=date(2026, 3, 2), checkpoint=CHECKPOINT, note=note, stamped="CN=<b>" + "x" * 200
    )
    drawn = draw_minutes(sheet)
    tags = {one.tag.rpartition("}")[2] for one in ElementTree.fromstring(drawn).iter()}
    assert tags == {"svg", "rect", "text", "path"}
    assert "<script" not in page_of(drawn, sheet.hospital, "en")


def test_the_code_holds_the_text_and_the_logs_own_signature_alone() -> None:
    note = CHECKPOINT.sign(SIGNER)
    name = CHECKPOINT.origin
    others = [Signature("witness.example", b"1234", bytes(72)), Signature(name, b"5678", bytes(2428))]
    long = note.rstrip("\n") + "\n" + "".join(one.line() for one in others)
    assert short_note(long) == note
    assert open_checkpoint(short_note(long), Verifier.of(name, SIGNER)) == CHECKPOINT
    assert len(note) < 400


def test_a_long_checkpoint_still_fits_on_the_sheet() -> None:
    wide = Checkpoint("hospital.example/" + "a" * 100 + "/2026", 10**12, bytes(32))
    sheet = Sheet(hospital="H" * 60, day=date(2026, 3, 2), checkpoint=wide, note=wide.sign(SIGNER), stamped="")
    heights = [int(y) for y in re.findall(r'<text x="30" y="(\d+)" font-size="12" font-family', draw_minutes(sheet))]
    assert max(heights) < 580
