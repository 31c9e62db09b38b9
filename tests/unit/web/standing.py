# SPDX-License-Identifier: Apache-2.0
"""How the ledger stands with one witness, made up for a page."""

from __future__ import annotations

from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.home import now
from wardkeep.jobs.witnessed import Standing, Witnessed
from wardkeep.ledger.cosignature import Cosigner, cosign
from wardkeep.ledger.cosigned import judge
from wardkeep.ledger.note import Checkpoint
from wardkeep.ledger.policy import parse_policy
from wardkeep.ledger.witness.asking import Outcome
from wardkeep.ledger.witness.memory import Conflict, Seen

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(32))
COSIGNER = Cosigner.of("witness.example/w1", SIGNER)
POLICY = parse_policy(f"witness \u5927\u5b66 {COSIGNER.vkey()} https://witness.example\nquorum \u5927\u5b66\n".encode())
CHECKPOINT = Checkpoint("wardkeep.example/2026", 1234, bytes(32))


def stand(age: timedelta | None, *, conflict: Conflict | None = None, outcome: Outcome = Outcome.COSIGNED) -> Standing:
    at = now() - (age or timedelta())
    note = CHECKPOINT.sign(SIGNER) + cosign(CHECKPOINT.text(), COSIGNER.name, SIGNER, at=int(at.timestamp())).line()
    one = Witnessed(
        name="\u5927\u5b66",
        url="https://witness.example",
        vkey=COSIGNER.vkey(),
        seen=Seen(outcome=outcome, asked_at=at, cosigned_size=1234, cosigned_at=int(at.timestamp())),
        conflicts={"2026": conflict} if conflict else {},
    )
    return Standing(policy=POLICY, witnesses=(one,), cosigned=judge((note, CHECKPOINT), POLICY) if age else None)
