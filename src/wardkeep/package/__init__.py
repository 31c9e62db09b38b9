# SPDX-License-Identifier: Apache-2.0
"""The sealed record package: a list of records with their hashes, who was present, both sides' signatures, and every opening.

Each step (list, supplement, signature, opening, demand) is a file, chained to the one before and sealed by an act.
Read `law.py` and `step.py` first, then `story.py`, `pack.py` and `check.py`. Nothing is imported here but what can go wrong:
commands that check nothing need not load what checks.
"""

from wardkeep.package.errors import (
    KeyRefused,
    LawRefused,
    PackageError,
    PackageUnwritable,
    StalePackage,
    StepRefused,
    StepWaits,
)

__all__ = [
    "KeyRefused",
    "LawRefused",
    "PackageError",
    "PackageUnwritable",
    "StalePackage",
    "StepRefused",
    "StepWaits",
]
