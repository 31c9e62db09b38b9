# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with evidence.

EvidenceError
├── UnknownQuery      no query of that name and version, or its parameters are not those it asks for
├── RangeRefused      a range that the log does not have, or that is not of one log
├── BundleUnwritable  the place for the bundle is taken
└── BundleRefused     the bundle does not hold; the reason names the part
"""

from __future__ import annotations


class EvidenceError(Exception):
    """Evidence cannot be given or taken."""

    exit_status = 2
    hint = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        if hint:
            self.hint = hint


class UnknownQuery(EvidenceError):
    """No query of that name and version, or its parameters are not those it asks for."""

    hint = "see `wardkeep evidence queries`"


class RangeRefused(EvidenceError):
    """A range that the log does not have, or that is not of one log."""


class BundleUnwritable(EvidenceError):
    """The place for the bundle is taken."""


class BundleRefused(EvidenceError):
    """The bundle does not hold; the reason names the part."""

    exit_status = 1
