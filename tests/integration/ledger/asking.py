# SPDX-License-Identifier: Apache-2.0
"""A ledger, real witnesses in this process, and the one who asks them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.integration.ledger.conftest import NOON, ORIGIN, SIGNER, connect, event
from wardkeep.ledger import Ledger, LedgerReader, LedgerUnavailable
from wardkeep.ledger.cosigned import judge
from wardkeep.ledger.policy import Policy, TrustedWitness, parse_policy
from wardkeep.ledger.witness.asking import Asked, Outcome
from wardkeep.ledger.witness.client import Reply
from wardkeep.ledger.witness.collecting import Collector, Heard
from wardkeep.ledger.witness.folder import WitnessFolder
from wardkeep.ledger.witness.witness import Witness

LOG = "2026"
AT = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)


class Near:
    """A real witness in this process, in the place of one behind an address."""

    def __init__(self, place: Path, name: str) -> None:
        self.folder = WitnessFolder.create(place / name, f"{name}.example")
        self.witness = Witness(self.folder)
        self.at = int(AT.timestamp())
        self.asked = 0
        #: What it does instead of answering.
        self.instead: Callable[[], Reply] | None = None

    def know(self, vkey: str) -> Near:
        self.folder.add_log(vkey, every_year=True)
        return self

    def add_checkpoint(self, body: bytes) -> Reply:
        self.asked += 1
        if self.instead is not None:
            return self.instead()
        answer = self.witness.add_checkpoint(body, at=self.at)
        return Reply(answer.status, answer.body)

    def checkpoint(self, origin: str) -> Reply:
        note = self.folder.checkpoint(origin)
        return Reply(404, "") if note is None else Reply(200, note)


class Round:
    """A ledger, three witnesses of which two are enough, and the one who asks."""

    def __init__(self, folder: Path, place: Path, quorum: str = "group q 2 w0 w1 w2\nquorum q\n") -> None:
        self.folder = folder
        vkey = LedgerReader(folder).vkey(LOG)
        self.near = [Near(place, f"w{number}").know(vkey) for number in range(3)]
        lines = [
            f"witness w{n} {one.witness.cosigner.vkey()} https://w{n}.example\n" for n, one in enumerate(self.near)
        ]
        self.policy: Policy = parse_policy(("".join(lines) + quorum).encode())
        self.collector = Collector(folder, self.reach)
        self.at = AT

    def reach(self, witness: TrustedWitness) -> Asked:
        return self.near[int(witness.name[1:])]

    def __call__(self, *, patience: float = 20.0) -> dict[str, Outcome]:
        """One round; what came of it by witness, for the newest log."""
        self.at += timedelta(minutes=1)
        for one in self.near:
            one.at = int(self.at.timestamp())
        return {one.witness.name: one.seen.outcome for one in self.heard(patience) if one.log == self.reader.current}

    def heard(self, patience: float = 20.0) -> list[Heard]:
        return self.collector.round(self.policy, at=self.at, patience=patience)

    @property
    def reader(self) -> LedgerReader:
        return LedgerReader(self.folder)

    def cosigned(self) -> tuple[int, int]:
        """The size of the newest cosigned checkpoint, and how many witnesses cosigned it."""
        found = judge(self.reader.cosigned(self.reader.current), self.policy)
        return (found.checkpoint.size, len(found.cosignatures)) if found else (0, 0)

    def on_note(self) -> int:
        """How many cosignatures the published file itself carries."""
        note = (self.folder / "logs" / self.reader.current / "checkpoint").read_text()
        return len(self.policy.cosignatures(note))


def grow(folder: Path, count: int = 1, *, clock: Callable[[], datetime] | None = None) -> None:
    with connect(folder, **({"clock": clock} if clock else {})) as ledger:
        last = ledger.last("intake:x")
        ledger.append("intake:x", last[0] + 1 if last else 0, [event(n) for n in range(count)])
        ledger.publish()  # a writer in another process does so a quarter of a second later by itself


def silent() -> Reply:
    raise LedgerUnavailable("nobody there")


def rewritten(folder: Path, place: Path, count: int) -> Path:
    """A ledger of the same origin and key with another history."""
    Ledger.create(place, origin=ORIGIN, signer=SIGNER, at=NOON + timedelta(minutes=1))
    with connect(place) as ledger:
        ledger.append("intake:x", 0, [event(1000 + n) for n in range(count)])
    return place
