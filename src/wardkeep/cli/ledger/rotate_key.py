# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger rotate-key`: hand the ledger over to a new signing key."""

from __future__ import annotations

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.ledger import Ledger, LedgerUnavailable, format_index
from wardkeep.ledger.note import Verifier


@click.command("rotate-key")
@click.option(
    "--announce",
    is_flag=True,
    help="Only make the next key and print its public half, for witnesses; hand nothing over.",
)
@standard
def command(frame: Frame, announce: bool) -> None:
    """Sign with a new key from now on; `wardkeep serve` must not run, unless with --announce.

    The hand-over is an entry that both keys sign. Everything that was signed before stays valid, and whoever trusts the old
    key finds the new one by it. Cut off anywhere, the next start finishes it.
    """
    from wardkeep.home import now, signer_name  # noqa: PLC0415
    from wardkeep.jobs.upgrading import is_served  # noqa: PLC0415

    home = frame.home
    before = home.ledger_reader()
    new = home.keyring().signer(signer_name(len(before.description.handovers) + 1))
    if announce:
        vkey = Verifier.of(before.description.origin_of(before.current), new).vkey()
        frame.out({"vkey": vkey}, speak("the next public key, which signs nothing yet: %s") % vkey)
        return
    if is_served(home):
        raise LedgerUnavailable(
            speak("%s is being served") % home.path, hint=speak("stop `wardkeep serve`, then call this again")
        )
    old = home.signer()
    one = Ledger.rotate(home.ledger_folder, old=old, new=new, clock=now, second=home.second_key(), sm2=home.sm2_key())
    reader = home.ledger_reader()
    said = {
        "index": format_index(one.log, one.index),
        "old": before.vkey(before.current),
        "vkey": reader.vkey(reader.current),
        "note": one.note(reader.description.origin),
    }
    frame.out(
        said,
        "\n".join(
            [
                speak("%(index)s: from here on the new key signs") % said,
                speak("old public key: %s") % said["old"],
                speak("new public key: %s") % said["vkey"],
                speak("Give the new key to whoever verifies, and to your witnesses. This note vouches for it:"),
                "",
                said["note"].rstrip("\n"),
            ]
        ),
    )
