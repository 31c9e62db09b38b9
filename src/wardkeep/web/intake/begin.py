# SPDX-License-Identifier: Apache-2.0
"""Where a sample comes from: a file that is sent, or what was set aside of one."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from wardkeep.jobs.replaying import needs_mapping
from wardkeep.watch.intake.proposing.sampling import MODEST, Sample, sample_of, sample_of_rows, wide
from wardkeep.watch.intake.sheets.xlsx import recognises
from wardkeep.watch.store import Piece
from wardkeep.web.intake.read import waiting_pieces
from wardkeep.web.intake.upload import LIMIT

#: Pieces of a file that are put together to a sample.
PIECES = 200
MIB = 1024 * 1024


class NoFile(Exception):
    """Nothing was handed over that can be a sample; the message says why, in the page's language."""


def from_upload(request: HttpRequest) -> Sample:
    """The sample of the file in the form. Raises NoFile, NoSample."""
    file = request.FILES.get("sample")
    if file is None or not file.name:
        raise NoFile(_("choose a file"))
    data = file.read()
    # Of a text the begin is enough; the list of contents of a workbook stands at its end.
    if (file.size or 0) > LIMIT and recognises(file.name, data):
        raise NoFile(
            _("the workbook is larger than %(most)d MiB: keep its first few hundred rows") % {"most": LIMIT // MIB}
        )
    return sample_of(data, file.name, MODEST)


def from_quarantine(request: HttpRequest) -> Sample:
    """The sample of what waits of one file for one reason. Raises NoFile, NoSample, StoreError."""
    source = request.POST.get("source", "")
    pieces = [piece for piece in waiting_pieces(source, request.POST.get("code", "")) if needs_mapping(piece)]
    if not pieces:
        raise NoFile(_("nothing of that file waits any more"))
    return sample_of_rows(_together(pieces[:PIECES]), source)


def _together(pieces: list[Piece]) -> bytes:
    """Rows under their header; of a file that was set aside whole, its begin."""
    first = pieces[0]
    rows = [piece.raw for piece in pieces if piece.head == first.head]
    end = "\n".encode(wide(first.head or first.raw) or "ascii")
    head = first.head if not first.head or first.head.endswith(end) else first.head + end
    return head + end.join(rows) + (b"" if first.raw.startswith(b'["') else end)
