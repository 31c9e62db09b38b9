# SPDX-License-Identifier: Apache-2.0
"""Stand-ins that keep the promises of the real thing, for tests that need neither disk nor keys."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FakeReceipt:
    log: str
    first: int
    last: int


class FakeConflict(Exception):
    """A known (producer, number) with another body."""


class FakeLedger:
    """Appends in memory; a repeated (producer, number, body) gives the receipt that was given before."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.known: dict[tuple[str, int], tuple[bytes, FakeReceipt]] = {}

    def append(self, producer: str, seq: int, bodies: Sequence[bytes]) -> FakeReceipt:
        digest = hashlib.sha256(b"".join(hashlib.sha256(b).digest() for b in bodies)).digest()
        if (producer, seq) in self.known:
            before, receipt = self.known[producer, seq]
            if before != digest:
                raise FakeConflict(f"{producer} {seq}")
            return receipt
        receipt = FakeReceipt("2026", len(self.bodies), len(self.bodies) + len(bodies) - 1)
        self.bodies.extend(bodies)
        self.known[producer, seq] = (digest, receipt)
        return receipt

    def last(self, producer: str) -> tuple[int, FakeReceipt] | None:
        seqs = [seq for name, seq in self.known if name == producer]
        return (max(seqs), self.known[producer, max(seqs)][1]) if seqs else None

    # What a reader offers, so that one fake serves both sides.
    def logs(self) -> list[str]:
        return ["2026"]

    def size(self, log: str) -> int:
        return len(self.bodies)

    def body(self, log: str, n: int) -> bytes:
        return self.bodies[n]


class FakeKeyring:
    """Derives like the real one, from a fixed root; what it keeps is derived too, until it is destroyed."""

    def __init__(self) -> None:
        self.destroyed: set[str] = set()

    def derive(self, purpose: str, *context: str, tenant: str, length: int = 32) -> bytes:
        name = "\0".join((tenant, purpose, *context)).encode()
        return hmac.digest(b"a root for tests", name, "sha256")[:length]

    def kept(self, name: str) -> bytes:
        self.destroyed.discard(name)
        return hmac.digest(b"a root for tests", b"kept " + name.encode(), "sha256")

    def has(self, name: str) -> bool:
        return name not in self.destroyed

    def destroy(self, name: str) -> None:
        self.destroyed.add(name)
