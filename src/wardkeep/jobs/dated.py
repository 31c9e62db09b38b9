# SPDX-License-Identifier: Apache-2.0
"""The checkpoint of each local day, and its time stamp where an authority is set.

Fails soft: a day without a stamp is still kept, says why, and is stamped later; the ledger waits for nobody.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from wardkeep.home import Home
from wardkeep.ledger import LedgerError, LedgerReader, LedgerUnavailable
from wardkeep.ledger.authority import ask_authority
from wardkeep.ledger.daily import Daily, check_daily, check_sidecar, dailies, keep_daily
from wardkeep.ledger.sidecar import Sidecar, State
from wardkeep.ledger.timestamp import Stamped, ask_for, check_stamp, read_roots

LOG = logging.getLogger("wardkeep.jobs")
#: Days that are stamped later where their own stamp failed: one that is older is of no use to anybody.
STAMPED_LATER = 14
UNSIGNED = Sidecar(State.MISSING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dated:
    """One day as people see it."""

    day: date
    size: int
    root: str
    #: What the stamp says; None where there is none that holds.
    stamped: Stamped | None
    #: Why there is no stamp that holds, where there should be one.
    problem: str
    #: Why the ledger no longer agrees with this day, empty where it does: set back, or rewritten.
    disagrees: str
    #: What its signature with SM2 is worth.
    sidecar: Sidecar = UNSIGNED


def local_day(home: Home, at: datetime) -> date:
    return at.astimezone(ZoneInfo(home.settings.hospital.timezone)).date()


def keep_today(home: Home, at: datetime) -> list[Daily]:
    """Keep today's checkpoint and stamp what has no stamp yet; returns the days that changed. Raises LedgerError, OSError."""
    reader = home.ledger_reader()
    today, fresh = keep_daily(reader, local_day(home, at))
    changed = [today] if fresh else []
    _sign(home, reader)
    if not home.settings.ledger.timestamps:
        return changed
    for one in dailies(home.ledger_folder)[:STAMPED_LATER]:
        if one.stamp is None:
            if not _stamp(home, one):
                break  # whoever does not answer for one day does not for the others either
            changed.append(one)
    return changed


def _sign(home: Home, reader: LedgerReader) -> None:
    """Sign with SM2 what has no such signature yet, where the settings want one and the day still fits the ledger."""
    key = home.sm2_key()
    for one in dailies(home.ledger_folder) if key else ():
        if key and not one.has_sidecar and not check_daily(one, reader):
            one.put_sidecar(key)


def _stamp(home: Home, one: Daily) -> bool:
    """Have one day stamped; False where that failed, and the day says why."""
    try:
        content = one.note.encode()
        request, nonce = ask_for(content)
        answer = ask_authority(home.settings.ledger.timestamps, request)
        check_stamp(answer, content, read_roots(_roots(home)), nonce=nonce)
        one.put_stamp(answer)
    except LedgerError as error:
        LOG.error("no time stamp for %s: %s", one.day, error)
        one.put_problem(str(error))
        return False
    return True


def dated(home: Home, reader: LedgerReader, *, most: int) -> list[Dated]:
    """The newest kept days, the newest first. Asks nobody."""
    return [read_dated(home, reader, one) for one in dailies(home.ledger_folder)[:most]]


def read_dated(home: Home, reader: LedgerReader, one: Daily) -> Dated:
    """A kept day, its stamp checked, and compared with the ledger."""
    problem, stamped, size, root = "", None, 0, ""
    wanted = home.settings.ledger
    try:
        kept = one.checkpoint
        size, root = kept.size, kept.root.hex()
        if one.stamp is not None and wanted.timestamp_roots:
            stamped = check_stamp(one.stamp, one.note.encode(), read_roots(_roots(home)))
        elif wanted.timestamps:
            problem = one.problem or _("not asked yet")
    except LedgerError as error:
        problem = str(error)
    sidecar = check_sidecar(one, reader)
    disagrees = check_daily(one, reader)
    if not disagrees and sidecar.state == State.FAILS:
        disagrees = _("the SM2 signature of %(day)s does not hold: %(why)s") % {"day": one.day, "why": sidecar.why}
    return Dated(
        day=one.day, size=size, root=root, stamped=stamped, problem=problem, disagrees=disagrees, sidecar=sidecar
    )


def _roots(home: Home) -> bytes:
    path = home.path / home.settings.ledger.timestamp_roots
    try:
        return path.read_bytes()
    except OSError as error:
        raise LedgerUnavailable(f"cannot read {path}: {error.strerror}", hint="see ledger.timestamp_roots") from None
