# SPDX-License-Identifier: Apache-2.0
"""The root of a day as a sheet for the committee's minutes: one SVG with the signed checkpoint as text and as a QR code.

Once it lies in a binder, nobody can rewrite the log up to that day unseen. The code holds the checkpoint's three lines and the
log's own signature: 300 bytes, so that any telephone reads it; cosignatures are left to the file.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.html import escape
from django.utils.translation import gettext as _

from wardkeep.ledger.note import Checkpoint, read_note
from wardkeep.web.draw.qr import draw_qr

WIDTH, HEIGHT = 760, 620
INK, PALE = "#12262f", "#5b6b73"
#: An Ed25519 signature; a log's other signatures are too long for a code.
SIGNATURE = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """What the sheet says."""

    hospital: str
    day: date
    checkpoint: Checkpoint
    #: The signed note of three lines and one signature.
    note: str
    #: When an authority stamped it, as people write it, and which; empty where none did.
    stamped: str


def short_note(note: str) -> str:
    """A checkpoint with the log's own Ed25519 signature alone. Raises ProofRefused."""
    text, signatures = read_note(note)
    own = [one for one in signatures if one.name == text.partition("\n")[0] and len(one.raw) == SIGNATURE]
    return f"{text}\n" + "".join(one.line() for one in own[:1])


def draw_minutes(sheet: Sheet) -> str:
    """The sheet as SVG, in the language in force."""
    qr = draw_qr(sheet.note)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        _text(30, 46, _("State of the ledger on %s") % sheet.day.isoformat(), size=22, weight="bold"),
        _text(30, 72, sheet.hospital, size=14, fill=PALE),
        f'<svg x="30" y="92" width="300" height="300" viewBox="0 0 {qr.side} {qr.side}" shape-rendering="crispEdges">'
        f'<path d="{qr.path}"/></svg>',
        *_facts(sheet),
        *_lines(30, 424, [line for text in sheet.note.splitlines() for line in textwrap.wrap(text, 92) or [""]]),
        *_signatures(),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def page_of(svg: str, title: str, lang: str) -> str:
    """A page that prints the sheet."""
    head = f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{escape(title)}</title>'
    style = "<style>@page{margin:12mm}body{margin:0}svg{max-width:100%;height:auto}</style>"
    return f"{head}{style}<body>\n{svg}</body></html>\n"


def _facts(sheet: Sheet) -> Iterator[str]:
    root = sheet.checkpoint.root.hex()
    facts = [
        (_("Log"), [sheet.checkpoint.origin]),
        (_("Entries"), [f"{sheet.checkpoint.size:,}"]),
        (_("Root"), [root[:32], root[32:]]),
        (_("Time stamp"), textwrap.wrap(sheet.stamped, 44) or [_("none")]),
    ]
    y = 116
    for name, values in facts:
        yield _text(350, y, name, size=13, fill=PALE)
        for value in values:
            y += 20
            yield _text(350, y, value, size=14, family="monospace")
        y += 28
    for line in textwrap.wrap(
        _("To check later: save the text below to a file, then run wardkeep ledger diff FILE."), 52
    ):
        yield _text(350, y, line, size=12, fill=PALE)
        y += 17


def _lines(x: int, y: int, lines: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield _text(x, y + 17 * number, line, size=12, family="monospace")


def _signatures() -> Iterator[str]:
    for x, name in ((30, _("For the committee")), (400, _("Date and place"))):
        yield f'<path d="M{x} 580h330" stroke="{INK}" fill="none"/>'
        yield _text(x, 600, name, size=12, fill=PALE)


def _text(x: int, y: int, text: str, *, size: int, weight: str = "", family: str = "", fill: str = "") -> str:
    more = "".join(
        f' {name}="{value}"'
        for name, value in (("font-weight", weight), ("font-family", family), ("fill", fill))
        if value
    )
    return f'<text x="{x}" y="{y}" font-size="{size}"{more} xml:space="preserve">{escape(text)}</text>'
