# SPDX-License-Identifier: Apache-2.0
"""Reading a rejected piece again, when a mapping was mended or a reader learnt more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake.forms import form_named
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.opening import Source
from wardkeep.watch.intake.reading import events_of


def reread(piece: Rejected, *, zone: str, mapping: Mapping | None = None) -> Iterator[AccessEvent | Rejected]:
    """What the piece is now: the events it holds, or itself with the reason of today; source and position stay."""
    if piece.truncated:
        yield replace(piece, reason="truncated: only the begin of the piece was kept; read its file again")
        return
    own = form_named(piece.format.partition(":")[0])
    form = piece.format if piece.format == "hospital" else None
    if own is not None:
        form = own.name
    elif piece.format.startswith("fhir"):
        form = "fhir"
    if mapping is not None and not (own is not None and own.mapped):
        form = "delimited"
    elif piece.format.startswith("delimited:"):
        yield replace(piece, reason="no-mapping: the piece is delimited text; give the mapping to read it by")
        return
    name = piece.source if form is None else "piece"
    with Source.of_bytes(piece.head + piece.raw, name) as source:
        found = list(events_of(source, zone=zone, form=form, mapping=mapping))
    alone = len(found) == 1
    for one in found:
        position = piece.position if alone or piece.position == "1" else f"{piece.position}+{one.position}"
        if isinstance(one, Rejected) and alone:
            yield replace(piece, reason=one.reason)
        else:
            yield replace(one, source=piece.source, position=position if alone else one.position)
