# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a call to intake. What is wrong with a piece of input is no error: it is a `Rejected`.

IntakeError
├── NoSuchFile
├── UnknownFormat
├── BadMapping
└── ReaderStopped
"""

from __future__ import annotations


class IntakeError(Exception):
    """Input cannot be read as it was asked for."""

    exit_status = 2

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or self.__doc__)
        self.hint = hint


class NoSuchFile(IntakeError):
    """There is no such file."""


class UnknownFormat(IntakeError):
    """No reader has that name."""


class BadMapping(IntakeError):
    """A mapping file breaks a rule."""


class ReaderStopped(IntakeError):
    """A reading process ended before its work."""

    exit_status = 3
