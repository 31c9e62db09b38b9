# SPDX-License-Identifier: Apache-2.0
"""The tamper-evident record: an RFC 6962 tree in C2SP formats, a journal, and one writer."""

from wardkeep.ledger.client import Ledger
from wardkeep.ledger.entry import (
    EVENT_LEAF_SIZE,
    EVENT_LEAF_VERSION,
    SALT_SIZE,
    Receipt,
    act_leaf,
    event_leaf,
    format_index,
    is_act,
    parse_index,
)
from wardkeep.ledger.errors import (
    EntryTooLarge,
    KeyConflict,
    LedgerDamaged,
    LedgerError,
    LedgerUnavailable,
    OutOfOrder,
    ProofRefused,
    UnknownEntry,
)
from wardkeep.ledger.proof import check_proof
from wardkeep.ledger.reader import LedgerReader
from wardkeep.ledger.server import run_writer, serve_writer
from wardkeep.ledger.verify import Problem, Report, verify_ledger

__all__ = [
    "EVENT_LEAF_SIZE",
    "EVENT_LEAF_VERSION",
    "SALT_SIZE",
    "EntryTooLarge",
    "KeyConflict",
    "Ledger",
    "LedgerDamaged",
    "LedgerError",
    "LedgerReader",
    "LedgerUnavailable",
    "OutOfOrder",
    "Problem",
    "ProofRefused",
    "Receipt",
    "Report",
    "UnknownEntry",
    "act_leaf",
    "check_proof",
    "event_leaf",
    "format_index",
    "is_act",
    "parse_index",
    "run_writer",
    "serve_writer",
    "verify_ledger",
]
