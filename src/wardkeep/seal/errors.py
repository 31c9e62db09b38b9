# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between a row and its entry.

SealError
├── NotInAnAction       a sealed row was written outside an action
├── NotAllowed          a bulk write that would leave rows unsealed
└── ActTooLarge         one act's facts do not fit into an entry
"""

from __future__ import annotations


class SealError(Exception):
    """A row and its ledger entry could not be kept together."""

    exit_status = 3
    hint = "nothing was written; `wardkeep doctor` shows what is missing"


class NotInAnAction(SealError):
    """A sealed row was written outside an action: call the domain's action instead."""


class NotAllowed(SealError):
    """This way of writing skips the seal: save rows one by one, or with bulk_create, inside an action."""


class ActTooLarge(SealError):
    """The facts of one act do not fit into a ledger entry: keep them in a row, which is sealed by its digest."""
