# SPDX-License-Identifier: Apache-2.0
"""Cases drawn by lot among account-days without a finding: what they show is what the findings miss. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date


def drawn(accounts: Iterable[str], *, day: int, n: int, seed: str) -> list[str]:
    """`n` of `accounts`, each equally likely over seeds; the same for the same seed and day."""
    return sorted(sorted(set(accounts)), key=lambda account: _digest(seed, str(day), account))[:n]


def place(day: int, *, of: int, seed: str, account: str) -> int:
    """The place (0 = first) that a drawn case takes among `of` places of its day, each equally likely."""
    return int(_digest("place", seed, str(day), account)[:15], 16) % of


def lot_id(account: str, opened_on: date) -> str:
    """The name of a drawn case: of the form of every other, told apart only by who makes it again."""
    return _digest("lot", account, opened_on.isoformat())[:20]


def case_id(account: str, first_event: str) -> str:
    """The name of a found case: the same for the same first event."""
    return _digest("case", account, first_event)[:20]


def finding_id(case: str, detection: str, patient: str | None, first_event: str) -> str:
    """The name of a finding within its case."""
    return _digest("finding", case, detection, patient or "", first_event)[:20]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
