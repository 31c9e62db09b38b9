# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger keys`: the public keys of the ledger, and how each handed over to the next."""

from __future__ import annotations

from pathlib import Path

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.ledger import ProofRefused, format_index
from wardkeep.ledger.handover import Chain, follow
from wardkeep.ledger.note import Verifier

#: A hand-over takes under 1 KB.
LARGEST = 4 << 20


@click.command("keys")
@click.option("--vkey", default=None, help="A public key that you trust: shows what it leads to, or refuses.")
@click.option(
    "--from",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="The hand-overs of a copy (keys.jsonl), in place of a home; needs --vkey.",
)
@standard
def command(frame: Frame, vkey: str | None, file: Path | None) -> None:
    """The ledger's public keys, oldest first, each with the entry from which on it signs.

    With --from it needs no home. Exit status 1 where the trusted key does not lead to these.
    """
    if file is not None and vkey is None:
        raise click.UsageError(speak("--from needs --vkey: the key that you trust, from another place"))
    try:
        if vkey is not None:
            Verifier.parse(vkey)
    except ProofRefused as exc:
        raise click.UsageError(f"--vkey: {exc}") from None
    if file is None:
        reader = frame.home.ledger_reader()
        chain, log = reader.description.chain, reader.current
        if vkey is not None:
            chain.trusting(vkey)
    else:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise ProofRefused(f"{file} has more than {LARGEST:,} bytes")
        chain = follow(str(vkey), raw.splitlines())
        log = max([Verifier.parse(str(vkey)).name.rpartition("/")[2], *(one.log for one in chain.handovers)])
    for said in _keys(chain, log):
        begins = said["from"] or speak("the beginning")
        frame.out(said, speak("from %(from)s: %(vkey)s") % {"from": begins, "vkey": said["vkey"]})


def _keys(chain: Chain, log: str) -> list[dict[str, str | None]]:
    """Each key under the name that it has in the log in which it began to sign; the newest also in the newest one."""
    name = chain.handovers[0].log if chain.handovers else log
    found: list[dict[str, str | None]] = [
        {"from": None, "vkey": Verifier(f"{chain.origin}/{name}", chain.keys()[0]).vkey(), "at": None, "note": None}
    ]
    for one in chain.handovers:
        key = Verifier(f"{chain.origin}/{one.log}", one.new).vkey()
        index = format_index(one.log, one.index)
        found.append({"from": index, "vkey": key, "at": one.at, "note": one.note(chain.origin)})
    newest = Verifier(f"{chain.origin}/{log}", chain.public).vkey()
    if found[-1]["vkey"] != newest:
        found.append({"from": format_index(log, 0), "vkey": newest, "at": None, "note": None})
    return found
