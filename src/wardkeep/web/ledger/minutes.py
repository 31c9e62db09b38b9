# SPDX-License-Identifier: Apache-2.0
"""The sheet of a day for the committee's minutes, by the console and by the command."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from wardkeep.govern.identity.role import Act
from wardkeep.home import Home
from wardkeep.jobs.dated import read_dated
from wardkeep.ledger import LedgerDamaged, UnknownEntry
from wardkeep.ledger.daily import daily_of
from wardkeep.ledger.note import open_checkpoint
from wardkeep.watch.cases.casebook import NotFound
from wardkeep.web.draw.minutes import Sheet, draw_minutes, short_note
from wardkeep.web.page import page


def sheet_of(home: Home, day: date | None) -> Sheet:
    """What the sheet of a day says. Raises UnknownEntry, ProofRefused, LedgerDamaged where the ledger has since changed."""
    reader = home.ledger_reader()
    one = daily_of(home.ledger_folder, day)
    kept = open_checkpoint(one.note, reader.description.verifier(one.checkpoint.origin.rpartition("/")[2]))
    found = read_dated(home, reader, one)
    if found.disagrees:
        raise LedgerDamaged(found.disagrees)
    stamped = ""
    if found.stamped:
        zone = home.settings.hospital.timezone
        stamped = f"{found.stamped.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} ({zone}), {found.stamped.authority}"
    return Sheet(
        hospital=home.settings.hospital.name, day=one.day, checkpoint=kept, note=short_note(one.note), stamped=stamped
    )


@page(Act.LEDGER_READ)
def minutes(request: HttpRequest, day: str) -> HttpResponse:
    """The sheet as an SVG file to print."""
    try:
        sheet = sheet_of(settings.WARDKEEP_HOME, date.fromisoformat(day))
    except (ValueError, UnknownEntry) as exc:
        raise NotFound(day) from exc
    disposition = f'attachment; filename="ledger-{sheet.day.isoformat()}.svg"'
    return HttpResponse(draw_minutes(sheet), content_type="image/svg+xml", headers={"Content-Disposition": disposition})
