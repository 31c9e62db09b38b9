# SPDX-License-Identifier: Apache-2.0
"""Runs, the ledger's state, entries and proofs."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardkeep.govern.identity.role import Act
from wardkeep.watch.cases import queries
from wardkeep.web.draw.growth import draw_growth
from wardkeep.web.ledger.judging import texts
from wardkeep.web.ledger.read import days, entry_body, ledger_state, run_of, runs, sidecar, sizes, verified, witnesses
from wardkeep.web.page import page


@page(Act.RUN_READ)
def run_list(request: HttpRequest) -> HttpResponse:
    """Every stored run, newest first."""
    return render(request, "ledger/runs.html", {"runs": runs()})


@page(Act.RUN_READ)
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What a run was made of, so that its numbers can be made again."""
    row, entry = run_of(run_id)
    context = {
        "run": row,
        "entry": entry,
        "days": sorted(row.summary.get("days", {}).items(), reverse=True),
        "reasons": sorted(row.summary.get("reasons", {}).items(), key=lambda item: -item[1]),
        "systems": sorted((name, sum(days.values())) for name, days in row.summary.get("systems", {}).items()),
        "missing": sorted((k, v) for k, v in row.available.items() if v != "available"),
        "unevaluated": sorted(row.unevaluated.items()),
        "unknown_procedures": sorted(row.summary.get("unknown_procedures", {}).items(), key=lambda item: -item[1]),
        "clocks": row.summary.get("clocks", []),
        "texts": texts(),
    }
    return render(request, "ledger/run.html", context)


@page(Act.LEDGER_READ)
def state(request: HttpRequest) -> HttpResponse:
    """The newest log, its checkpoint, and who else vouches for it."""
    context = {
        "ledger": ledger_state(),
        "sidecar": sidecar(),
        "witnessed": witnesses(),
        "days": days(),
        "growth": draw_growth(sizes()),
        "verified": verified(),
    }
    return render(request, "ledger/ledger.html", context)


@page(Act.LEDGER_READ)
def proof(request: HttpRequest, log: str, index: int) -> HttpResponse:
    """The proof that an entry is in the tree, as anyone can check it."""
    return _file(queries.proof(f"{log}:{index}").encode(), f"{log}-{index}.tlog-proof")


@page(Act.LEDGER_READ)
def entry(request: HttpRequest, log: str, index: int) -> HttpResponse:
    """The entry that the proof is of. It holds a salted hash or pseudonyms, never an identity."""
    return _file(entry_body(log, index), f"{log}-{index}.entry")


def _file(content: bytes, name: str) -> HttpResponse:
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(content, content_type="application/octet-stream", headers={"Content-Disposition": disposition})
