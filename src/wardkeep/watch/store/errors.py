# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with the store.

StoreError
├── StoreBusy      another process writes to the store
├── StoreFull      the disk refuses: nothing was lost, run the command again when there is room
├── StoreDamaged   what is on disk is not what was written; verify names the place
├── RangeTooLarge  a range of time holds more than fits into memory at once
└── NotStored      a run, a piece of quarantine or a table that the store does not hold
"""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot do what was asked."""

    exit_status = 3
    hint = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        if hint:
            self.hint = hint


class StoreBusy(StoreError):
    """Another process writes to the store."""


class StoreFull(StoreError):
    """The disk refuses to take more; what was sealed before stays, the rest is still in the input."""

    hint = "make room (or make the folder writable), then run the same command again: nothing is stored twice"


class StoreDamaged(StoreError):
    """What is on disk is not what was written."""

    exit_status = 1
    hint = "run `wardkeep ledger verify`; restore the named file from a backup"


class RangeTooLarge(StoreError):
    """A range of time holds more than fits into memory at once."""

    exit_status = 2


class NotStored(StoreError):
    """The store does not hold what was asked for."""

    exit_status = 2
