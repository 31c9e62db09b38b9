# SPDX-License-Identifier: Apache-2.0
"""The sealed store of events, context, quarantine and runs."""

from wardkeep.watch.store.errors import (
    NotStored,
    RangeTooLarge,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
)
from wardkeep.watch.store.intake import Intake, Report, ingest, recover
from wardkeep.watch.store.quarantine import Piece
from wardkeep.watch.store.store import Store
from wardkeep.watch.store.verify import verify_store

__all__ = [
    "Intake",
    "NotStored",
    "Piece",
    "RangeTooLarge",
    "Report",
    "Store",
    "StoreBusy",
    "StoreDamaged",
    "StoreError",
    "StoreFull",
    "ingest",
    "recover",
    "verify_store",
]
