# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger check`: a proof against the public key, offline and without a home."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.ledger import ProofRefused, check_proof
from wardkeep.ledger.cosignature import Cosignature
from wardkeep.ledger.note import Checkpoint, Verifier, read_note
from wardkeep.ledger.policy import parse_policy
from wardkeep.ledger.proof import read_proof
from wardkeep.ledger.proof_bundle import ProofBundle, is_bundle
from wardkeep.ledger.second import SecondVerifier
from wardkeep.ledger.sm2 import Sm2Verifier

#: A proof of the largest log that can be is under 3 KB; with many cosignatures a few hundred, with its entry as hex 131 more.
LARGEST_PROOF = 1 << 20
LARGEST_ENTRY = 65_535
#: What gives, for the text of a proof and the hand-overs beside it, the key that must have signed it, and the cosignatures
#: that a policy knows.
Trusted = Callable[[str, Sequence[bytes]], tuple[str, list[Cosignature]]]


@click.command("check")
@click.argument("proof", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--entry",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="The entry's bytes; a .proof.json file holds its own.",
)
@click.option("--vkey", default=None, help="The log's public key, from another place than the proof.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="In place of --vkey a policy file (c2sp.org/tlog-policy): trusted logs and witnesses, and how many are enough.",
)
@click.option("--second-vkey", default=None, help="Ask for the log's second signature too, under this key (ML-DSA-44).")
@click.option(
    "--sm2-vkey", default=None, help="Ask for an SM2 signature of the proof's checkpoint too, under this key."
)
@click.option(
    "--sidecar",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="The file with that signature; needs --sm2-vkey.",
)
@standard
def command(
    frame: Frame,
    proof: Path,
    entry: Path | None,
    vkey: str | None,
    policy: Path | None,
    second_vkey: str | None,
    sm2_vkey: str | None,
    sidecar: Path | None,
) -> None:
    """Check a .tlog-proof or a .proof.json offline; needs no home. Exit status 1 where it does not hold.

    Exit status 3 where an SM2 signature was asked for and the library that could check it is not installed.
    """
    trusted = _beside(_twice(_trusted(vkey, policy), second_vkey), sm2_vkey, sidecar)
    try:
        raw = _read(proof, LARGEST_PROOF)
        row: bytes | None = None
        if is_bundle(raw) and entry is None:
            bundle = ProofBundle.decode(raw)
            key, cosigned = trusted(bundle.proof, bundle.handovers)
            (n, checkpoint), row = bundle.check(key), bundle.row
        elif entry is None:
            raise click.UsageError(speak("--entry: a .tlog-proof needs the file of its entry"))
        else:
            key, cosigned = trusted(raw.decode(), ())
            n, checkpoint = check_proof(raw.decode(), _read(entry, LARGEST_ENTRY), key)
    except (ProofRefused, UnicodeDecodeError) as exc:
        reason = str(exc) if isinstance(exc, ProofRefused) else speak("the proof is no text")
        frame.out({"ok": False, "reason": reason}, speak("NO: %s") % reason)
        click.get_current_context().exit(1)
    said = {"index": n, "origin": checkpoint.origin, "size": checkpoint.size}
    lines = [speak("YES: it is entry %(index)d of %(origin)s, which had %(size)d entries") % said]
    lines += [
        speak("cosigned by %(name)s at %(at)s")
        % {"name": one.cosigner.name, "at": f"{datetime.fromtimestamp(one.at, UTC):%Y-%m-%d %H:%M:%SZ}"}
        for one in cosigned
    ]
    if row is not None:
        lines.append(speak("its row is the one that was sealed: %s") % row.decode(errors="replace"))
    frame.out(
        {
            "ok": True,
            **said,
            "root": checkpoint.root.hex(),
            "row": row.decode(errors="replace") if row else None,
            "cosignatures": [{"name": one.cosigner.name, "at": one.at} for one in cosigned],
        },
        "\n".join(lines),
    )


def _twice(trusted: Trusted, second_vkey: str | None) -> Trusted:
    """The same, where the second signature must hold too."""
    if second_vkey is None:
        return trusted
    try:
        second = SecondVerifier.parse(second_vkey)
    except ProofRefused as exc:
        raise click.UsageError(f"--second-vkey: {exc}") from None

    def both(text: str, handovers: Sequence[bytes]) -> tuple[str, list[Cosignature]]:
        second.require(read_proof(text)[2])
        return trusted(text, handovers)

    return both


def _beside(trusted: Trusted, sm2_vkey: str | None, sidecar: Path | None) -> Trusted:
    """The same, where the SM2 signature in the sidecar must hold too, and be of the proof's very checkpoint."""
    if (sm2_vkey is None) != (sidecar is None):
        raise click.UsageError(speak("--sm2-vkey and --sidecar belong together"))
    if sm2_vkey is None or sidecar is None:
        return trusted
    try:
        key = Sm2Verifier.parse(sm2_vkey)
    except ProofRefused as exc:
        raise click.UsageError(f"--sm2-vkey: {exc}") from None
    note = _read(sidecar, LARGEST_PROOF).decode(errors="replace")

    def both(text: str, handovers: Sequence[bytes]) -> tuple[str, list[Cosignature]]:
        if Checkpoint.parse(key.open(note)) != (found := Checkpoint.parse(read_note(read_proof(text)[2])[0])):
            raise ProofRefused(f"the SM2 signature is not of the proof's checkpoint, which has {found.size} entries")
        return trusted(text, handovers)

    return both


def _trusted(vkey: str | None, policy: Path | None) -> Trusted:
    """Whom the caller trusts, by one key or by a policy."""
    if (vkey is None) == (policy is None):
        raise click.UsageError(speak("give --vkey or --policy: whom to trust comes from another place than the proof"))
    if policy is not None:
        listed = parse_policy(policy.read_bytes())

        def by_policy(text: str, handovers: Sequence[bytes]) -> tuple[str, list[Cosignature]]:
            note, rules = read_proof(text)[2], listed.following(handovers) if handovers else listed
            return rules.signer(note).vkey(), rules.open(note)[1]

        return by_policy
    try:
        key = Verifier.parse(vkey or "").vkey()
    except ProofRefused as exc:
        raise click.UsageError(f"--vkey: {exc}") from None
    return lambda text, handovers: (key, [])


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise ProofRefused(f"{path} has more than {most:,} bytes")
    return raw
