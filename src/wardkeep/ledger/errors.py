# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with the ledger.

LedgerError
├── LedgerUnavailable   somebody holds the lock and does not answer, or the disk refuses: nothing was acknowledged
├── LedgerDamaged       what is on disk is not what was written; verify names the place
├── KeyConflict         a known (producer, number) came again with another body
├── OutOfOrder          a producer's number leaves a gap, or is older than the ledger remembers
├── EntryTooLarge       an entry is empty or over 65,535 bytes, or a batch is
├── UnknownEntry        an index that the log has not reached
├── PolicyError         a policy file that cannot be used
└── ProofRefused        a proof, checkpoint or signature does not hold
"""

from __future__ import annotations


class LedgerError(Exception):
    """The ledger cannot do what was asked."""

    exit_status = 3
    hint = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        if hint:
            self.hint = hint


class LedgerUnavailable(LedgerError):
    """Nothing was acknowledged; try again when the lock or the disk is free."""


class LedgerDamaged(LedgerError):
    """What is on disk is not what was written."""

    hint = "run `wardkeep ledger verify`; restore the named file from a backup"


class KeyConflict(LedgerError):
    """A known (producer, number) with another body: never taken for a repetition."""

    exit_status = 1


class OutOfOrder(LedgerError):
    """A producer's number leaves a gap or is too old to be looked up."""

    exit_status = 1


class EntryTooLarge(LedgerError):
    """An entry has 1 to 65,535 bytes, the length being a uint16 (C2SP tlog-tiles); a batch at least one entry."""

    exit_status = 2


class UnknownEntry(LedgerError):
    """The log has no such index yet."""

    exit_status = 2


class PolicyError(LedgerError):
    """A policy file (c2sp.org/tlog-policy) that cannot be used; the message names the line."""

    exit_status = 2


class ProofRefused(LedgerError):
    """A proof, checkpoint or signature does not hold."""

    exit_status = 1
