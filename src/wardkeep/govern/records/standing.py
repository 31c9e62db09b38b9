# SPDX-License-Identifier: Apache-2.0
"""States of a check, and of a record that differs. Pure.

open ──explained (a person)──► explained ──reopened (a person)──► open
 └────mended (a later check finds it as it was sealed)──► mended ──found again──► open
"""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What a check came to."""

    CHECKED = "checked"
    #: The source could not be read: that says nothing of its records.
    NOT_EVALUATED = "not_evaluated"


class Standing(StrEnum):
    """Where a difference stands."""

    OPEN = "open"
    #: A person found out that it is lawful, and said why. The same difference is not said again.
    EXPLAINED = "explained"
    #: A later check found the record as it was sealed.
    MENDED = "mended"
