# SPDX-License-Identifier: Apache-2.0
"""What is handed out of the ledger: an entry with its proof and key in one file, and the page that checks it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from wardkeep.govern.identity.role import Act
from wardkeep.ledger import UnknownEntry
from wardkeep.ledger.page import NAME, policy
from wardkeep.ledger.page import page as verifier_page
from wardkeep.ledger.proof_bundle import SUFFIX, ProofBundle
from wardkeep.watch.cases.casebook import NotFound
from wardkeep.watch.store import NotStored
from wardkeep.web.page import page


def handed_out(log: str, index: int, *, with_row: bool = False) -> HttpResponse:
    """The file of an entry. Raises NotFound; ProofRefused where what would be handed out does not hold.

    with_row: with the row and salt to which the entry commits; whoever has them knows the access.
    """
    home = settings.WARDKEEP_HOME
    reader = home.ledger_reader()
    try:
        body = reader.body(log, index)
        proof, vkey = reader.proof(log, index), reader.vkey(log)
        salt, row = home.store().sealed(log, index) if with_row else (None, None)
    except (LookupError, UnknownEntry, NotStored) as exc:
        raise NotFound(f"{log}:{index}") from exc
    if not body:
        raise NotFound(f"{log}:{index}")  # expunged: its proof stays, and nothing to prove
    handovers = tuple(one.body() for one in reader.description.handovers)
    made = ProofBundle(proof=proof, entry=body, vkey=vkey, salt=salt, row=row, handovers=handovers)
    made.check(vkey)  # nothing is handed out that its own proof refuses
    disposition = f'attachment; filename="{log}-{index}{SUFFIX}"'
    return HttpResponse(made.encode(), content_type="application/json", headers={"Content-Disposition": disposition})


@page(Act.LEDGER_READ)
def bundle(request: HttpRequest, log: str, index: int) -> HttpResponse:
    """An entry with its proof and key. It holds a salted hash or pseudonyms, never an identity."""
    return handed_out(log, index)


@page(Act.LEDGER_READ)
def verifier(request: HttpRequest) -> HttpResponse:
    """The page with which anyone checks a proof, byte for byte as it is published."""
    headers = {
        "Content-Security-Policy": f"{policy()}; frame-ancestors 'none'",
        "Content-Disposition": f'inline; filename="wardkeep-{NAME}"',
    }
    return HttpResponse(verifier_page(), content_type="text/html; charset=utf-8", headers=headers)
