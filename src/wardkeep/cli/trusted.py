# SPDX-License-Identifier: Apache-2.0
"""Whom somebody trusts who checks a proof: said by `--vkey` or by `--policy`."""

from __future__ import annotations

from pathlib import Path

import click

from wardkeep.cli.frame import speak
from wardkeep.ledger import ProofRefused
from wardkeep.ledger.note import Verifier
from wardkeep.ledger.policy import Policy, parse_policy


def trusted_of(vkey: str | None, policy: Path | None) -> str | Policy:
    """Whom the caller trusts, by one key or by a policy."""
    if (vkey is None) == (policy is None):
        raise click.UsageError(speak("give --vkey or --policy: whom to trust comes from another place than the proof"))
    if policy is not None:
        return parse_policy(policy.read_bytes())
    try:
        return Verifier.parse(vkey or "").vkey()
    except ProofRefused as exc:
        raise click.UsageError(f"--vkey: {exc}") from None
