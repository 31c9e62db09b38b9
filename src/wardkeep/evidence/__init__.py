# SPDX-License-Identifier: Apache-2.0
"""Evidence: the result of a named, versioned query over a sealed range, with what proves it, for whoever trusts nobody."""

from wardkeep.evidence.bundle import parts, write
from wardkeep.evidence.check import Verdict, verify_bundle
from wardkeep.evidence.collect import Result, ask, events_in, range_of
from wardkeep.evidence.errors import BundleRefused, BundleUnwritable, EvidenceError, RangeRefused, UnknownQuery
from wardkeep.evidence.manifest import Range
from wardkeep.evidence.query import Query, load, queries

__all__ = [
    "BundleRefused",
    "BundleUnwritable",
    "EvidenceError",
    "Query",
    "Range",
    "RangeRefused",
    "Result",
    "UnknownQuery",
    "Verdict",
    "ask",
    "events_in",
    "load",
    "parts",
    "queries",
    "range_of",
    "verify_bundle",
    "write",
]
