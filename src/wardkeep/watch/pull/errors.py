# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a pull. What is wrong with a row is no error: it is a `Rejected`.

PullError
├── BadAnswer
│   └── OfOneRecord
├── BadSource
├── SchemaChanged
├── StateNotKept
└── TooManyAlike
"""

from __future__ import annotations


class PullError(Exception):
    """Rows cannot be pulled."""

    exit_status = 2

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or self.__doc__)
        self.hint = hint


class BadAnswer(PullError):
    """What was asked answers with what it should not."""

    exit_status = 3


class OfOneRecord(BadAnswer):
    """One record cannot be read, and that says nothing of the others."""


class BadSource(PullError):
    """A source file breaks a rule."""


class SchemaChanged(PullError):
    """The view is not what the source file, the mapping or the last pull says."""


class StateNotKept(PullError):
    """How far a pull is could not be written down: the disk is full, or refuses."""

    exit_status = 3


class TooManyAlike(PullError):
    """More rows have the same watermark than are held at once."""
