# SPDX-License-Identifier: Apache-2.0
"""A proof in one file: the entry, its .tlog-proof, the log's key, and for an access the row and salt that it commits to.

A JSON object, bytes in lower-case hex:

    format   "wardkeep-proof/1"
    vkey     the log's verifier key; a convenience, since only a key from another place says who signed
    proof    the text of the .tlog-proof file, unchanged
    entry    the bytes that were sealed
    salt     16 bytes; `row` the canonical row. Both or neither
    handovers   where the signing key was ever handed over: the entries that say so, oldest first
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from wardkeep.ledger.entry import EVENT_LEAF_SIZE, SALT_SIZE
from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.handover import follow
from wardkeep.ledger.note import Checkpoint
from wardkeep.ledger.proof import check_proof, read_proof

FORMAT = "wardkeep-proof/1"
SUFFIX = ".proof.json"
MOST_HANDOVERS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class ProofBundle:
    """What an outsider needs to check one entry."""

    proof: str
    entry: bytes
    vkey: str
    #: Of an event: what its entry commits to.
    salt: bytes | None = None
    row: bytes | None = None
    #: The entries that lead from any earlier key of the log to the one that signed.
    handovers: tuple[bytes, ...] = ()

    def encode(self) -> bytes:
        said: dict[str, Any] = {"format": FORMAT, "vkey": self.vkey, "proof": self.proof, "entry": self.entry.hex()}
        if self.handovers:
            said["handovers"] = [one.hex() for one in self.handovers]
        if self.salt is not None and self.row is not None:
            said |= {"salt": self.salt.hex(), "row": self.row.hex()}
        return json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n"

    @classmethod
    def decode(cls, raw: bytes) -> ProofBundle:
        """Raises ProofRefused for anything that is no such file."""
        try:
            said: dict[str, Any] = json.loads(raw.decode())
            if said["format"] != FORMAT or ("salt" in said) != ("row" in said):
                raise ValueError
            proof, vkey = said["proof"], said["vkey"]
            if not isinstance(proof, str) or not isinstance(vkey, str):
                raise ValueError
            salt, row = (_unhex(said[name]) if name in said else None for name in ("salt", "row"))
            handovers = said.get("handovers", [])
            if not isinstance(handovers, list) or len(handovers) > MOST_HANDOVERS:
                raise ValueError
            return cls(
                proof=proof,
                vkey=vkey,
                entry=_unhex(said["entry"]),
                salt=salt,
                row=row,
                handovers=tuple(_unhex(one) for one in handovers),
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ProofRefused(
                "this is no proof file", hint=f'it is a JSON object whose format is "{FORMAT}"'
            ) from None

    def check(self, vkey: str) -> tuple[int, Checkpoint]:
        """The index and the checkpoint, checked under a key from another place than the file. Raises ProofRefused.

        A key that was handed over since is followed to the one that signed.
        """
        found = check_proof(self.proof, self.entry, self._signer(vkey) if self.handovers else vkey)
        if self.salt is not None and self.row is not None:
            fits = len(self.entry) == EVENT_LEAF_SIZE and len(self.salt) == SALT_SIZE
            if not fits or hashlib.sha256(self.salt + self.row).digest() != self.entry[1:]:
                raise ProofRefused("the row and its salt do not give the entry")
        return found

    def _signer(self, vkey: str) -> str:
        """The key of the checkpoint, as the hand-overs give it to whoever trusts `vkey`. Raises ProofRefused."""
        text = read_proof(self.proof)[2].rpartition("\n\n")[0] + "\n"
        log = Checkpoint.parse(text).origin.rpartition("/")[2]
        return follow(vkey, self.handovers).verifier(log).for_note(text).vkey()


def is_bundle(raw: bytes) -> bool:
    """Whether a file means to be one: a .tlog-proof never begins so."""
    return raw.lstrip()[:1] == b"{"


def _unhex(text: str) -> bytes:
    raw = bytes.fromhex(text)
    if raw.hex() != text:
        raise ValueError
    return raw
