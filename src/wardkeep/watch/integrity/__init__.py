# SPDX-License-Identifier: Apache-2.0
"""Record integrity: what a record said when it was signed, held against what its source says of it later. Pure."""

from wardkeep.watch.integrity.admit import Admitted, admit, admit_told, doubt_row
from wardkeep.watch.integrity.compare import (
    DOUBTFUL,
    Comparison,
    Difference,
    Problem,
    Spans,
    compare,
    drawn,
    spans,
)
from wardkeep.watch.integrity.version import Stage, Version, content_of, digest_of

__all__ = [
    "DOUBTFUL",
    "Admitted",
    "Comparison",
    "Difference",
    "Problem",
    "Spans",
    "Stage",
    "Version",
    "admit",
    "admit_told",
    "compare",
    "content_of",
    "digest_of",
    "doubt_row",
    "drawn",
    "spans",
]
