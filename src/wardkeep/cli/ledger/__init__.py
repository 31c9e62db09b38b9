# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger`: the tamper-evident record. One file a command; each module names its own `command`."""

from __future__ import annotations

import click

from wardkeep.cli.ledger import (
    check,
    cosign,
    daily,
    diff,
    export,
    keys,
    minutes,
    prove,
    reconcile,
    rotate_key,
    status,
    verify,
)


@click.group("ledger")
def command() -> None:
    """The tamper-evident record: its state, proofs, copies, keys."""


for module in (status, verify, prove, check, diff, cosign, export, keys, rotate_key, daily, minutes, reconcile):
    command.add_command(module.command)
