# SPDX-License-Identifier: Apache-2.0
"""The hand-over of a log's signing key: an entry that names the old and the new key and is signed by both.

The act `ledger:key:rotated` stands at a known place of the log. Checkpoints up to that place are signed by the old key, those
behind it by the new one, in all later logs too. Its text and the two signatures are a signed note, so that any tool which
reads those can check them. Whoever trusts one key of the chain follows it from there, forwards and backwards.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.ledger.entry import MAX_NUMBER, act_leaf
from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.note import Checkpoint, Signature, Verifier, read_note, signed_by

ROTATED = "ledger:key:rotated"
#: The first line of the text that both keys sign: no checkpoint begins so.
KIND = "wardkeep.ledger/key-rotated/v1"
FIELDS = {"act", "at", "log", "index", "old", "new", "signatures"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """From the entry `index` of `log` on the key `new` signs, in place of `old`."""

    log: str
    index: int
    old: bytes
    new: bytes
    at: str
    #: The two signature lines of the note.
    signatures: str = ""

    @classmethod
    def make(
        cls, origin: str, *, log: str, index: int, old: Ed25519PrivateKey, new: Ed25519PrivateKey, at: datetime
    ) -> HandOver:
        """A hand-over that both keys have signed."""
        plain = cls(
            log=log,
            index=index,
            old=old.public_key().public_bytes_raw(),
            new=new.public_key().public_bytes_raw(),
            at=at.isoformat(),
        )
        name, text = f"{origin}/{log}", plain.text(origin)
        lines = [Signature(name, Verifier.of(name, key).key_id, key.sign(text.encode())).line() for key in (old, new)]
        return cls(log=log, index=index, old=plain.old, new=plain.new, at=plain.at, signatures="".join(lines))

    @classmethod
    def parse(cls, said: Any) -> HandOver:
        """Read what `said` gives; whether it holds is seen by `check`. Raises ProofRefused."""
        try:
            if set(said) != FIELDS or said["act"] != ROTATED or type(said["index"]) is not int:
                raise ValueError
            texts = {name: said[name] for name in FIELDS - {"index"}}
            if not all(isinstance(text, str) for text in texts.values()) or not 0 < said["index"] <= MAX_NUMBER:
                raise ValueError
            found = cls(
                log=said["log"],
                index=said["index"],
                old=bytes.fromhex(said["old"]),
                new=bytes.fromhex(said["new"]),
                at=said["at"],
                signatures=said["signatures"],
            )
            if found.said() != said or len(found.old) != 32 or len(found.new) != 32 or not found.log.isdigit():
                raise ValueError
        except (ValueError, KeyError, TypeError):
            raise ProofRefused("a hand-over of the key is not readable") from None
        return found

    @classmethod
    def of_entry(cls, body: bytes) -> HandOver:
        """The hand-over that an entry is. Raises ProofRefused."""
        try:
            found = cls.parse(json.loads(body))
        except (ValueError, RecursionError):
            raise ProofRefused("a hand-over of the key is not readable") from None
        if found.body() != body:
            raise ProofRefused("a hand-over of the key is not in its one form")
        return found

    def said(self) -> dict[str, object]:
        """The act."""
        return {
            "act": ROTATED,
            "at": self.at,
            "log": self.log,
            "index": self.index,
            "old": self.old.hex(),
            "new": self.new.hex(),
            "signatures": self.signatures,
        }

    def body(self) -> bytes:
        """The entry."""
        return act_leaf(self.said())

    def text(self, origin: str) -> str:
        """What both keys sign."""
        name = f"{origin}/{self.log}"
        old, new = Verifier(name, self.old).vkey(), Verifier(name, self.new).vkey()
        return f"{KIND}\n{name}\n{self.index}\n{old}\n{new}\n{self.at}\n"

    def note(self, origin: str) -> str:
        """The signed note that any tool can check under the old key and under the new one."""
        return f"{self.text(origin)}\n{self.signatures}"

    def check(self, origin: str) -> None:
        """Raise ProofRefused unless both keys signed."""
        text, signatures = read_note(self.note(origin))
        keys = [Verifier(f"{origin}/{self.log}", public) for public in (self.old, self.new)]
        if text != self.text(origin) or len(signatures) != 2 or self.old == self.new:
            raise ProofRefused("a hand-over of the key is not as it is written")
        if [key for key, _ in signed_by(text, signatures, keys)] != keys:
            raise ProofRefused(f"the hand-over at {self.log}:{self.index} is not signed by both keys")


@dataclass(frozen=True, slots=True)
class Succession(Verifier):
    """The keys of one log, one after another. As a verifier it is the newest; `for_note` is the one that a note needs."""

    #: The size from which on each key signs, ascending; the first from 0.
    since: tuple[tuple[int, bytes], ...] = ()

    def at(self, size: int) -> Verifier:
        """The key that signs a checkpoint of `size`."""
        return Verifier(self.name, [public for first, public in self.since if first <= size][-1])

    def for_note(self, text: str) -> Verifier:
        return self.at(Checkpoint.parse(text).size)


@dataclass(frozen=True, slots=True)
class Chain:
    """The keys of a ledger from its first to its newest, each hand-over checked."""

    origin: str
    #: The newest public key.
    public: bytes
    handovers: tuple[HandOver, ...] = ()

    @classmethod
    def of(cls, origin: str, public: bytes, handovers: Sequence[HandOver]) -> Chain:
        """Raises ProofRefused where a hand-over does not hold, or they are no chain that ends in `public`."""
        chain = cls(origin, public, tuple(handovers))
        for one in handovers:
            one.check(origin)
        for one, following in itertools.zip_longest(handovers, handovers[1:]):
            if (following.old if following else public) != one.new:
                raise ProofRefused(f"the hand-over at {one.log}:{one.index} does not lead to the next key")
            if following and (following.log, following.index) <= (one.log, one.index):
                raise ProofRefused(f"the hand-over at {following.log}:{following.index} comes before the one before it")
        return chain

    def keys(self) -> list[bytes]:
        """Every public key, the oldest first."""
        return [*(one.old for one in self.handovers), self.public]

    def verifier(self, log: str) -> Verifier:
        """Who signs the checkpoints of a log."""
        name = f"{self.origin}/{log}"
        first, since = self.keys()[0], list[tuple[int, bytes]]()
        for one in self.handovers:
            if one.log < log:
                first = one.new
            elif one.log == log:
                since.append((one.index + 1, one.new))
        if not since:
            return Verifier(name, first)
        return Succession(name, since[-1][1], ((0, first), *since))

    def trusting(self, vkey: str) -> Chain:
        """The same chain, where one of its keys is the trusted one (of any year). Raises ProofRefused."""
        trusted = Verifier.parse(vkey)
        if trusted.public not in self.keys() or trusted.name.rpartition("/")[0] != self.origin:
            raise ProofRefused(f"the ledger is {self.origin} under another key than {trusted.name}'s")
        return self


def follow(vkey: str, bodies: Sequence[bytes]) -> Chain:
    """The chain that hand-over entries give, from the trusted key on. Raises ProofRefused."""
    trusted = Verifier.parse(vkey)
    origin = trusted.name.rpartition("/")[0]
    handovers = [HandOver.of_entry(body) for body in bodies]
    public = handovers[-1].new if handovers else trusted.public
    return Chain.of(origin, public, handovers).trusting(vkey)
