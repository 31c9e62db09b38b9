# SPDX-License-Identifier: Apache-2.0
"""What the ledger's page says of the signature with SM2 beside the checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.web.markup import faults
from wardkeep.jobs.dated import UNSIGNED
from wardkeep.ledger.sidecar import Sidecar, State


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "found, said",
    [
        (UNSIGNED, ("", "")),
        (Sidecar(State.HOLDS, 1_234_567), ("holds for 1,234,567 entries", "1,234,567")),
        (Sidecar(State.FAILS, 7, "why"), ("does not hold", "不成立")),
        (Sidecar(State.NOT_EVALUATED, 7, "no library"), ("not evaluated: the library is not installed", "未评估")),
    ],
)
def test_the_page_says_what_it_is_worth_and_nothing_where_there_is_none(
    found: Sidecar, said: tuple[str, str], language: str, enter: Any, house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.web.ledger import views

    monkeypatch.setattr(views, "sidecar", lambda: found)
    page = enter("auditor", language).get("/ledger/").content.decode()
    assert faults(page) == []
    assert ("SM2" in page) == (found is not UNSIGNED)
    assert said[language == "zh"] in page


def test_one_that_cannot_be_read_does_not_hold(house: Any, django_home: Any, tmp_path: Path) -> None:
    from wardkeep.ledger import LedgerDamaged
    from wardkeep.web.ledger.read import sidecar

    def damaged() -> None:
        raise LedgerDamaged("gone")

    before = django_home.ledger_reader
    assert sidecar().state == State.MISSING
    django_home.ledger_reader = damaged
    try:
        assert sidecar().state == State.FAILS
    finally:
        django_home.ledger_reader = before
