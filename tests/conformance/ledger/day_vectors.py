# SPDX-License-Identifier: Apache-2.0
"""The part of our vectors that is about kept days: a signed checkpoint, and an authority's stamp over that file.

A stamp differs with each asking, so it was made once and lies in stamped.json: `python -m tests.conformance.ledger.day_vectors`
makes it anew, with an authority of its own whose certificates last a hundred years.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.conformance.ledger.note_vectors import ORIGIN, OTHER, SIGNER
from wardkeep.ledger.note import Checkpoint
from wardkeep.ledger.timestamp import ask_for

STAMPED = Path(__file__).with_name("stamped.json")
DAY = "2026-03-01"


def days(roots: dict[int, bytes]) -> dict[str, Any]:
    """`roots` of the log by size."""
    good, earlier = (Checkpoint(ORIGIN, size, roots[size]) for size in (257, 256))
    note, kept = good.sign(SIGNER), json.loads(STAMPED.read_text())
    stamp, foreign = kept["stamp"], kept["foreign"]
    beyond = Checkpoint(ORIGIN, 261, roots[260])
    bad = [
        ("a size that was not signed", note.replace("\n257\n", "\n256\n"), None),
        ("another history, well signed", Checkpoint(ORIGIN, 257, bytes(32)).sign(SIGNER), None),
        ("more entries than the log has, well signed", beyond.sign(SIGNER), None),
        ("another key", good.sign(OTHER), None),
        ("another log", Checkpoint("another.example/2026", 257, roots[257]).sign(SIGNER), None),
        ("no signature", good.text() + "\n", None),
        ("a stamp over another checkpoint", earlier.sign(SIGNER), stamp),
    ]
    return {
        "days": [
            {"day": DAY, "checkpoint": earlier.sign(SIGNER), "stamp": None},
            {"day": DAY, "checkpoint": note, "stamp": stamp, "roots": kept["roots"], "stamped_at": kept["at"]},
        ],
        "no_days": [{"why": why, "day": DAY, "checkpoint": text, "stamp": raw} for why, text, raw in bad],
        # Whoever reads CMS: it is over the right bytes, and of an authority that is not the one in `roots`.
        "no_stamps": [
            {"why": "another authority", "checkpoint": note, "stamp": foreign, "roots": kept["roots"]},
            {"why": "cut off", "checkpoint": note, "stamp": stamp[:-64], "roots": kept["roots"]},
        ],
    }


CONFIG = """
[tsa]
default_tsa = one
[one]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
certs = root.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""
EXTENSIONS = "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\nbasicConstraints=CA:false\n"


def _authority(folder: Path, name: str, request: bytes) -> tuple[str, str]:
    """An answer of a new authority, in hex, and its root certificate."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    folder.mkdir()
    for file, text in (("extensions", EXTENSIONS), ("serial", "01"), ("config", CONFIG)):
        (folder / file).write_text(text)
    (folder / "query").write_bytes(request)
    new, days = ("req", "-newkey", "rsa:2048", "-nodes", "-subj"), ("-days", "36500")
    openssl(*new, f"/CN={name} root", "-x509", *days, "-keyout", "root.key", "-out", "root.pem")
    openssl(*new, f"/CN={name}", "-keyout", "tsa.key", "-out", "tsa.csr")
    signed = ("-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-extfile", "extensions")
    openssl("x509", "-req", "-in", "tsa.csr", *signed, *days, "-out", "tsa.pem")
    openssl("ts", "-reply", "-config", "config", "-queryfile", "query", "-out", "reply")
    return (folder / "reply").read_bytes().hex(), (folder / "root.pem").read_text()


def _stamp_anew() -> None:
    from tests.conformance.ledger.vectors import FILE
    from wardkeep.ledger.timestamp import check_stamp, read_roots

    roots = {one["size"]: bytes.fromhex(one["root"]) for one in json.loads(FILE.read_text())["log"]["roots"]}
    content = Checkpoint(ORIGIN, 257, roots[257]).sign(SIGNER).encode()
    with TemporaryDirectory() as folder:
        stamp, root = _authority(Path(folder) / "one", "Vectors TSA", ask_for(content)[0])
        foreign, _ = _authority(Path(folder) / "two", "Another TSA", ask_for(content)[0])
    at = check_stamp(bytes.fromhex(stamp), content, read_roots(root.encode())).at
    said = {"at": at.isoformat(), "roots": root, "stamp": stamp, "foreign": foreign}
    STAMPED.write_text(json.dumps(said, indent=1) + "\n")


if __name__ == "__main__":
    _stamp_anew()
