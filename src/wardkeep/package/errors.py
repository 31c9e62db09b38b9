# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with a sealed record package.

PackageError
├── PackageUnwritable  the place is taken, or a part cannot be read
├── StepRefused        a step that cannot follow on what the package holds
│   └── LawRefused     a sealing or an opening that the law does not allow; it names the article
├── KeyRefused         a public key or a signature of no kind that is known here, or one that does not hold
├── StalePackage       the ledger knows more of the package than this copy
└── StepWaits          the ledger cannot be had: the step is kept beside the package
"""

from __future__ import annotations

from wardkeep.package.law import Refusal


class PackageError(Exception):
    """A package cannot be made, continued or taken."""

    exit_status = 2
    hint = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        if hint:
            self.hint = hint


class PackageUnwritable(PackageError):
    """The place is taken, or a part cannot be read."""


class StepRefused(PackageError):
    """A step that cannot follow on what the package holds."""


class LawRefused(StepRefused):
    """A sealing or an opening that the law does not allow; it names the article."""

    exit_status = 1

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence, hint=refusal.source)
        self.refusal = refusal


class KeyRefused(PackageError):
    """A public key or a signature of no kind that is known here, or one that does not hold."""

    hint = "Ed25519, SM2 with SM3, ECDSA or RSA with SHA-256; the key as PEM, SubjectPublicKeyInfo"


class StalePackage(PackageError):
    """The ledger knows more of the package than this copy."""

    exit_status = 1
    hint = "go on with the newest copy"


class StepWaits(PackageError):
    """The ledger cannot be had: the step is kept beside the package."""

    exit_status = 3
    hint = "when the ledger is there, run `wardkeep records package resume`; until then nothing else is added"
