# SPDX-License-Identifier: Apache-2.0
"""Record integrity: what a record said when it was signed, held against what its source says of it later. Pure."""

from wardkeep.watch.integrity.compare import (
    Admitted,
    Comparison,
    Difference,
    Problem,
    Spans,
    admit,
    compare,
    drawn,
    spans,
)
from wardkeep.watch.integrity.version import Stage, Version, content_of, digest_of

__all__ = [
    "Admitted",
    "Comparison",
    "Difference",
    "Problem",
    "Spans",
    "Stage",
    "Version",
    "admit",
    "compare",
    "content_of",
    "digest_of",
    "drawn",
    "spans",
]
