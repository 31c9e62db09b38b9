# SPDX-License-Identifier: Apache-2.0
"""The part of our vectors that is about signatures beside Ed25519: ML-DSA-44 on the checkpoint, SM2 in a file beside it.

Such signatures differ with each signing, so they were made once and lie in signed_once.json, with the public keys:
`python -m tests.conformance.ledger.other_vectors` makes them anew.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from tests.conformance.ledger.note_vectors import ORIGIN
from wardkeep.ledger.note import Signature
from wardkeep.ledger.second import SecondVerifier
from wardkeep.ledger.sm2 import Sm2Verifier, write_pem

ONCE = Path(__file__).with_name("signed_once.json")
SEED = bytes(range(64, 96))


def others(note: str) -> dict[str, Any]:
    """Over the checkpoint of the vectors' log, `note`."""
    once = {name: bytes.fromhex(raw) for name, raw in json.loads(ONCE.read_text()).items()}
    text = note.partition("\n\n")[0] + "\n"
    second, sm2 = SecondVerifier(ORIGIN, once["second_public"]), Sm2Verifier(ORIGIN, once["sm2_public"])
    twice = note + Signature(ORIGIN, second.key_id, once["second"]).line()
    beside = f"{text}\n{Signature(ORIGIN, sm2.key_id, once['sm2']).line()}"
    return {
        "second": {"seed": SEED.hex(), "vkey": second.vkey(), "note": twice},
        "no_second": [{"why": why, "note": one} for why, one in _broken(note, second.key_id, once["second"], twice)],
        "sm2": {"seed": SEED.hex(), "vkey": sm2.vkey(), "pem": write_pem(sm2.public), "note": beside},
        "no_sm2": [{"why": why, "note": one} for why, one in _broken(f"{text}\n", sm2.key_id, once["sm2"], beside)],
    }


def _broken(head: str, key_id: bytes, raw: bytes, good: str) -> list[tuple[str, str]]:
    """Notes that this key did not sign; `head` is what stands before its line."""

    def line(name: str, key: bytes, signature: bytes) -> str:
        return head + Signature(name, key, signature).line()

    return [
        ("another size", good.replace("\n260\n", "\n261\n")),
        ("a bit of the signature turned", line(ORIGIN, key_id, raw[:-1] + bytes([raw[-1] ^ 1]))),
        ("a byte more", line(ORIGIN, key_id, raw + b"\0")),
        ("a byte less", line(ORIGIN, key_id, raw[:-1])),
        ("under another name", line("another.example/2026", key_id, raw)),
        ("under another id", line(ORIGIN, bytes(4), raw)),
        (
            "no such line",
            head if head.endswith("=\n") else head + f"\u2014 {ORIGIN} {base64.b64encode(bytes(68)).decode()}\n",
        ),
    ]


def _sign_anew() -> None:
    from tests.conformance.ledger.vectors import FILE
    from wardkeep.ledger.note import read_note
    from wardkeep.ledger.second import SecondKey
    from wardkeep.ledger.sm2 import Sm2Key

    note: str = json.loads(FILE.read_text())["log"]["checkpoint"]
    second, sm2 = SecondKey(SEED), Sm2Key(SEED)
    found = {
        "second_public": second.public,
        "second": read_note(second.sign(note))[1][-1].raw,
        "sm2_public": sm2.public,
        "sm2": read_note(sm2.sign(note.partition("\n\n")[0] + "\n"))[1][0].raw,
    }
    ONCE.write_text(json.dumps({name: raw.hex() for name, raw in found.items()}, indent=1) + "\n")


if __name__ == "__main__":
    _sign_anew()
