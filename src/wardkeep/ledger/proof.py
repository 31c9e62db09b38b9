# SPDX-License-Identifier: Apache-2.0
"""Proof files (c2sp.org/tlog-proof@v1): an index, an inclusion proof and the checkpoint that it leads to."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.note import Checkpoint, Verifier, decode, open_checkpoint
from wardkeep.ledger.tree import leaf_hash, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"


def write_proof(index: int, path: Sequence[bytes], checkpoint: str) -> str:
    """The text of a .tlog-proof file; `checkpoint` is a signed note."""
    hashes = "".join(base64.b64encode(step).decode() + "\n" for step in path)
    return f"{HEADER}\nindex {index}\n{hashes}\n{checkpoint}"


def read_proof(text: str) -> tuple[int, list[bytes], str]:
    """The index, the inclusion proof and the signed note. Raises ProofRefused where the text is not of the format."""
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or not lines or lines[0] != HEADER:
        raise ProofRefused("this is no tlog-proof file", hint=f"its first line reads {HEADER}")
    extra = len(lines) > 1 and lines[1].startswith("extra ")
    rest = lines[2:] if extra else lines[1:]
    number = rest[0].removeprefix("index ") if rest and rest[0].startswith("index ") else ""
    if not (number.isascii() and number.isdigit()) or (len(number) > 1 and number.startswith("0")) or len(number) > 19:
        raise ProofRefused("the proof names no index")
    try:
        path = [decode(line) for line in rest[1:]]
        if extra:
            decode(lines[1].removeprefix("extra "))
    except ValueError:
        raise ProofRefused("a line of the proof is not readable") from None
    if any(len(step) != 32 for step in path) or len(path) > 63:
        raise ProofRefused("a hash of the proof has not 32 bytes, or there are too many")
    return int(number), path, note


def check_proof(text: str, entry: bytes, vkey: str) -> tuple[int, Checkpoint]:
    """Check offline that `entry` is in the log of `vkey`; returns its index and the checkpoint. Raises ProofRefused."""
    index, path, note = read_proof(text)
    checkpoint = open_checkpoint(note, Verifier.parse(vkey))
    verify_inclusion(leaf=leaf_hash(entry), index=index, size=checkpoint.size, proof=path, root=checkpoint.root)
    return index, checkpoint
