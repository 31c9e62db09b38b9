# SPDX-License-Identifier: Apache-2.0
"""`wardkeep verify`: evidence against the public key, offline, without a home and without any key of ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.cli.package_check import report
from wardkeep.cli.trusted import trusted_of
from wardkeep.ledger import ProofRefused, format_index
from wardkeep.ledger.cosignature import Cosignature
from wardkeep.ledger.note import Checkpoint
from wardkeep.ledger.policy import Policy
from wardkeep.ledger.proof import read_proof
from wardkeep.ledger.proof_bundle import ProofBundle, is_bundle

#: A proof of one entry, with many cosignatures and hand-overs.
LARGEST_PROOF = 4 << 20


@click.command("verify")
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
@click.option("--vkey", default=None, help="The log's public key, from another place than the bundle.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="In place of --vkey a policy file (c2sp.org/tlog-policy): trusted logs and witnesses, and how many are enough.",
)
@standard
def command(frame: Frame, bundle: Path, vkey: str | None, policy: Path | None) -> None:
    """Check an evidence BUNDLE offline: range, root, query, result, proofs. Exit status 1 where it does not hold.

    A .proof.json file is checked too, as `wardkeep ledger check` does, and a sealed record package.
    """
    from wardkeep.evidence import BundleRefused, verify_bundle  # noqa: PLC0415
    from wardkeep.package.check import check_package  # noqa: PLC0415
    from wardkeep.package.layout import is_package  # noqa: PLC0415

    trusted = trusted_of(vkey, policy)
    try:
        if (proof := _proof(bundle)) is not None:
            _say_proof(frame, *_check(proof, trusted))
            return
        if is_package(bundle):
            report(frame, check_package(bundle, trusted), complete=False)
            return
        shown = verify_bundle(bundle, trusted)
    except (BundleRefused, ProofRefused) as exc:
        frame.out({"ok": False, "reason": str(exc)}, speak("NO: %s") % exc)
        click.get_current_context().exit(1)
    where, query = shown.where, shown.query
    said = {
        "query": query.name,
        "version": query.version,
        "parameters": shown.values,
        "from": format_index(where.log, where.first),
        "to": format_index(where.log, where.last),
        "origin": shown.checkpoint.origin,
        "size": shown.checkpoint.size,
        "root": shown.checkpoint.root.hex(),
        "rows": shown.rows,
        "complete": shown.complete,
        "gone": shown.gone,
        "sha256": shown.sha256,
        "cosignatures": [{"name": one.cosigner.name, "at": one.at} for one in shown.cosignatures],
    }
    counts = {**said, "rows": f"{shown.rows:,}", "title": query.title[frame.lang]}
    lines = [
        speak("YES: %(title)s (%(query)s version %(version)d), entries %(from)s to %(to)s of %(origin)s") % counts,
        *(f"    {name}: {value}" for name, value in shown.values.items()),
        speak("%(rows)s records, each of them sealed at its place") % counts,
        _completeness(shown.complete, shown.gone),
        f"sha256: {shown.sha256}",
        *_cosigned(shown.cosignatures),
    ]
    frame.out({"ok": True, **said}, "\n".join(lines))


def _proof(path: Path) -> ProofBundle | None:
    """The proof of one entry that a file is, None where it is something else. Raises ProofRefused."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        raw = file.read(LARGEST_PROOF)
    return ProofBundle.decode(raw) if is_bundle(raw) else None


def _check(proof: ProofBundle, trusted: str | Policy) -> tuple[int, Checkpoint, Sequence[Cosignature]]:
    """Index, checkpoint and cosignatures of a proof of one entry. Raises ProofRefused."""
    if isinstance(trusted, str):
        return *proof.check(trusted), ()
    note, rules = read_proof(proof.proof)[2], trusted.following(proof.handovers) if proof.handovers else trusted
    _, cosigned = rules.open(note)
    return *proof.check(rules.signer(note).vkey()), cosigned


def _say_proof(frame: Frame, n: int, checkpoint: Checkpoint, cosignatures: Sequence[Cosignature]) -> None:
    said = {"index": n, "origin": checkpoint.origin, "size": checkpoint.size}
    words = speak("YES: it is entry %(index)d of %(origin)s, which had %(size)d entries") % said
    told = [{"name": one.cosigner.name, "at": one.at} for one in cosignatures]
    frame.out(
        {"ok": True, **said, "root": checkpoint.root.hex(), "cosignatures": told},
        "\n".join([words, *_cosigned(cosignatures)]),
    )


def _cosigned(cosignatures: Sequence[Cosignature]) -> list[str]:
    return [
        speak("cosigned by %(name)s at %(at)s")
        % {"name": one.cosigner.name, "at": f"{datetime.fromtimestamp(one.at, UTC):%Y-%m-%d %H:%M:%SZ}"}
        for one in cosignatures
    ]


def _completeness(complete: bool, gone: int) -> str:
    if complete:
        return speak("nothing was left out: every entry of the range is in the bundle, and the query was asked again")
    if gone:
        return speak("%d entries of the range have no body in the bundle; what they said is not shown") % gone
    return speak("that nothing was left out is not shown: that takes the store, and the same query asked there again")
