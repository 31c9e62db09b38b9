# SPDX-License-Identifier: Apache-2.0
"""The sealed record package: a list of records with their hashes, who was present, both sides' signatures, and every opening.

Each step (list, supplement, signature, opening, demand) is a file, chained to the one before and sealed by an act.
"""

from wardkeep.package.check import check_package
from wardkeep.package.errors import (
    KeyRefused,
    LawRefused,
    PackageError,
    PackageUnwritable,
    StalePackage,
    StepRefused,
    StepWaits,
)
from wardkeep.package.found import Checked, Problem, Signed, Worth
from wardkeep.package.layout import is_package
from wardkeep.package.story import Story

__all__ = [
    "Checked",
    "KeyRefused",
    "LawRefused",
    "PackageError",
    "PackageUnwritable",
    "Problem",
    "Signed",
    "StalePackage",
    "StepRefused",
    "StepWaits",
    "Story",
    "Worth",
    "check_package",
    "is_package",
]
