# SPDX-License-Identifier: Apache-2.0
"""The checks of `wardkeep doctor`: each looks at one thing and says how to mend it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from wardkeep.home import Home, now
from wardkeep.jobs.dated import dated, local_day
from wardkeep.jobs.witnessed import STALE_AFTER, standing

#: What a fresh home still leaves to do: worth saying, and no reason for a command to fail.
WARNINGS = frozenset({"keys", "administrators", "quarantine", "cosigned", "stamped", "told", "encrypted"})
LEAST_FREE = 2 * 1024**3
#: Kept days that are compared with the ledger.
KEPT_DAYS = 14
#: A newest time stamp that is older is worth a warning.
STAMPED_SINCE = timedelta(days=2)
UNITS = {"MB": 1e6, "GB": 1e9, "MiB": 2**20, "GiB": 2**30}


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """What one check found."""

    name: str
    ok: bool
    detail: str
    #: How to mend or better it; empty where there is nothing to do.
    mend: str = ""
    #: Nothing is broken, and yet something should be done.
    warn: bool = False


def examine(home: Home) -> Iterator[Check]:
    """Every check in turn. One that fails in an unforeseen way is itself a finding, and the others still run."""
    for name, look in CHECKS.items():
        try:
            found = look(home)
        except Exception as exc:  # fails closed: a check that cannot be made is not passed
            hint = getattr(exc, "hint", None) or _("see the message; `WARDKEEP_DEBUG=1` shows more")
            shown = str(exc) if hasattr(type(exc), "exit_status") else type(exc).__name__
            yield Check(name=name, ok=False, detail=shown, mend=hint)
        else:
            ok, detail, mend = found
            warn = not ok and name in WARNINGS
            yield Check(name=name, ok=ok or warn, detail=detail, mend="" if ok else mend, warn=warn)


Found = tuple[bool, str, str]


def _python(home: Home) -> Found:
    version = ".".join(map(str, sys.version_info[:3]))
    return sys.version_info >= (3, 11), version, _("use Python 3.11 or newer")


def _settings(home: Home) -> Found:
    return True, f"{home.settings.hospital.timezone}, {home.settings.database.url.split(':')[0]}", ""


def _home_private(home: Home) -> Found:
    loose = [p for p in (home.path, home.keys_folder, home.data_folder) if p.exists() and p.stat().st_mode & 0o077]
    shown = ", ".join(f"{p} ({stat.S_IMODE(p.stat().st_mode):o})" for p in loose)
    return not loose, shown or _("only the owner can read it"), f"chmod -R go-rwx {home.path}"


def _keys(home: Home) -> Found:
    home.keyring()
    provider = home.settings.keys.provider
    if provider == "file":
        mend = _("move to the provider `passphrase`, or accept that a copy of this disk opens everything")
        return False, _("the root key lies in a file beside what it protects"), mend
    return True, provider, ""


def _keys_apart(home: Home) -> Found:
    apart = not home.keys_folder.resolve().is_relative_to(home.data_folder.resolve())
    return apart, str(home.keys_folder), _("keep the keys outside the data folder")


def _disk(home: Home) -> Found:
    free = shutil.disk_usage(home.path).free
    return free > LEAST_FREE, _("%(size).1f GB free") % {"size": free / 1e9}, _("make room on this disk")


def _memory(home: Home) -> Found:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    written = home.settings.engine.memory_limit
    number = written.rstrip("GMiB")
    limit = float(number) * UNITS[written[len(number) :]]
    return limit < 0.8 * total, f"{limit / 1e9:.1f} / {total / 1e9:.1f} GB", _("lower engine.memory_limit")


def _database(home: Home) -> Found:
    if home.settings.database.url != "sqlite":
        from django.db import connection  # noqa: PLC0415

        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            return True, f"PostgreSQL {cursor.fetchone()[0]}", ""
    connection_ = sqlite3.connect(f"file:{home.database}?mode=ro", uri=True)
    try:
        answer = connection_.execute("PRAGMA quick_check").fetchone()[0]
        return answer == "ok", f"SQLite {sqlite3.sqlite_version}: {answer}", _("restore the database from a backup")
    finally:
        connection_.close()


def _schema(home: Home) -> Found:
    from wardkeep.jobs.upgrading import pending_migrations, unknown_migrations  # noqa: PLC0415

    if newer := unknown_migrations():
        return False, _("newer than this Wardkeep: %s") % newer[-1], _("install the newer Wardkeep")
    pending = pending_migrations()
    return not pending, _("%d migrations pending") % len(pending), "wardkeep upgrade"


def _administrators(home: Home) -> Found:
    from wardkeep.govern.identity.models import User  # noqa: PLC0415
    from wardkeep.govern.identity.role import ADMINISTRATORS  # noqa: PLC0415

    there = set(User.objects.filter(is_active=True, role__in=ADMINISTRATORS).values_list("role", flat=True))
    missing = sorted(r.value for r in ADMINISTRATORS - there)
    mend = "wardkeep user create NAME --role " + (missing[0] if missing else "")
    return not missing, _("missing: %s") % ", ".join(missing) if missing else _("all three are there"), mend


def _told(home: Home) -> Found:
    from wardkeep.govern.notices.notice import Kind  # noqa: PLC0415
    from wardkeep.jobs.digests import heads, unknown_departments  # noqa: PLC0415
    from wardkeep.jobs.sending import channels  # noqa: PLC0415

    s, named = home.settings.notices, channels(home)
    wrong, mends = [], []
    # Said without a channel too: the page of such a head stays empty for ever.
    if nowhere := unknown_departments(heads()):
        shown = ", ".join(f"{head.user.name} ({head.user.department})" for head in nowhere)
        wrong.append(_("heads of a department that no table of the hospital has: %s") % shown)
        mends.append(
            _("load the table that has it, or make another account with the department as the tables write it")
        )
    if not named:
        wrong = wrong or [_("no channel is set: nobody is told of anything")]
        return not mends, "; ".join(wrong), "; ".join(mends)
    if s.forgotten:
        wrong.append(_("nobody is told of: %s") % ", ".join(s.forgotten))
        listed = ", ".join(f'"{kind}"' for kind in s.forgotten)
        values = {"all": 'kinds = ["all"]', "left_out": f"left_out = [{listed}]"}
        mends.append(_("write `%(all)s` under [notices], or what is not wanted: `%(left_out)s`") % values)
    if s.tells(Kind.DIGEST) and (led := heads()):
        if lost := [head.user.name for head in led if not head.is_reached(named)]:
            wrong.append(_("heads of department without an address: %s") % ", ".join(lost))
            mends.append(f"wardkeep user contact {lost[0]} --mail ADDRESS")
        if not s.address:
            wrong.append(_("a week's notice has no link to its page"))
            mends.append(_("write the console's address as `address` under [notices]"))
    return not wrong, "; ".join(wrong) or ", ".join(named), "; ".join(mends)


def _ledger(home: Home) -> Found:
    reader = home.ledger_reader()
    sizes = {log: reader.size(log) for log in reader.logs()}
    return True, ", ".join(f"{log}: {size}" for log, size in sizes.items()), ""


def _spool(home: Home) -> Found:
    from wardkeep.ledger.spool import Spool, spools_in  # noqa: PLC0415

    spools = [Spool(path, look_only=True) for path in spools_in(home.spool_folder)]
    for spool in spools:
        spool.close()
    damaged = [spool.path.name for spool in spools if spool.damage]
    if damaged:
        return False, _("damaged: %s") % ", ".join(damaged), "wardkeep ledger reconcile"
    count = sum(len(spool.entries) for spool in spools)
    return not count, _("%d entries of care wait for the ledger") % count, "wardkeep ledger reconcile"


def _witnesses(home: Home) -> Found:
    found = standing(home, home.ledger_reader())
    if found.problem:
        return False, found.problem, _("mend the policy, or empty ledger.witnesses")
    if conflicts := found.conflicts:
        mend = _(
            "keep everything as it is, run `wardkeep ledger verify` and `wardkeep ledger diff`, and find out who did it"
        )
        return False, "; ".join(conflicts), mend
    if found.policy is None:
        return True, _("nobody is asked"), ""
    return True, ", ".join(f"{one.name}: {one.said}" for one in found.witnesses), ""


def _cosigned(home: Home) -> Found:
    found = standing(home, home.ledger_reader())
    if found.policy is None:
        return True, _("nobody is asked"), ""
    mend = _("see that `wardkeep serve` runs and that the witnesses answer: `wardkeep ledger cosign`")
    if found.at is None:
        return False, _("no checkpoint has enough cosignatures yet (%s)") % found.quorum, mend
    hours = (now() - found.at) / timedelta(hours=1)
    return hours < STALE_AFTER / timedelta(hours=1), _("the newest is %(hours).1f hours old") % {"hours": hours}, mend


def _days(home: Home) -> Found:
    found = dated(home, home.ledger_reader(), most=KEPT_DAYS)
    wrong = [f"{one.day}: {one.disagrees}" for one in found if one.disagrees]
    mend = _("keep everything as it is, run `wardkeep ledger verify`, and find out who did it")
    return not wrong, "; ".join(wrong) or (str(found[0].day) if found else _("none is kept yet")), mend


def _stamped(home: Home) -> Found:
    if not home.settings.ledger.timestamps:
        return True, _("nobody is asked"), ""
    found = dated(home, home.ledger_reader(), most=KEPT_DAYS)
    newest = next((one for one in found if one.stamped), None)
    if newest is not None and newest.day >= local_day(home, now()) - STAMPED_SINCE:
        return True, str(newest.day), ""
    why = found[0].problem if found else _("none is kept yet")
    values = {"day": newest.day if newest else "–", "why": why}
    return False, _("no time stamp since %(day)s: %(why)s") % values, "wardkeep ledger daily"


def _live(home: Home) -> Found:
    from wardkeep.jobs.alerting.status import alerting_status  # noqa: PLC0415
    from wardkeep.jobs.listen.status import live_status  # noqa: PLC0415

    found, judged = live_status(home, at=now()), alerting_status(home, at=now())
    wrong = [f"{one.name}: {one.trouble}" for one in found.listeners if one.trouble]
    if found.storing and found.trouble:
        wrong.append(found.trouble)
    if judged.runs and judged.trouble:
        wrong.append(f"alerting: {judged.trouble}")
    return not wrong, "; ".join(wrong) or _("listeners: %d") % len(found.listeners), "wardkeep intake status"


def _pulls(home: Home) -> Found:
    from wardkeep.jobs.pulling.status import pulls_of  # noqa: PLC0415

    found = pulls_of(home, at=now())
    bad = [one for one in found.sources if found.running and (one.trouble or one.silence)]
    wrong = [one.trouble or f"{one.name}: {one.silence}" for one in bad]
    return not wrong, "; ".join(wrong) or _("sources: %d") % len(found.sources), "wardkeep intake status"


def _encrypted(home: Home) -> Found:
    from wardkeep.jobs.unencrypted import heard, read  # noqa: PLC0415

    wrong = (
        (_("other machines send to it unencrypted: %s"), heard(home), _("listen by syslog-tls, mllp-tls or https")),
        (
            _("nothing in its url asks for encryption and the right server: %s"),
            read(home),
            _("complete the url as docs/how-to/pull-from-a-database.md says"),
        ),
    )
    said = [(text % ", ".join(names), mend) for text, names, mend in wrong if names]
    mend = _("%s; or see that nobody else is on that network") % "; ".join(mend for _text, mend in said)
    return not said, "; ".join(text for text, _mend in said) or _("as far as the settings say"), mend


def _mappings(home: Home) -> Found:
    from wardkeep.jobs.mappings import mappings_folder, mappings_standing  # noqa: PLC0415

    found = mappings_standing(home)
    put_back = _(
        "on the page Intake put back what was confirmed, or take it back; to keep the change, confirm it there"
    )
    wrong = (
        (_("not what was confirmed: %s"), found.changed, put_back),
        (_("confirmed, and not there: %s"), found.missing, _("on the page Intake put back what was confirmed")),
        (_("taken back, and still read by: %s"), found.taken_back, _("remove the file from %s")),
        (_("cannot be read: %s"), found.broken, _("mend the file in %s, or remove it")),
    )
    said = "; ".join(text % ", ".join(names) for text, names, _mend in wrong if names)
    mends = [mend.replace("%s", str(mappings_folder(home))) for _text, names, mend in wrong if names]
    return not said, said or _("confirmed: %d") % found.confirmed, "; ".join(mends)


def _store(home: Home) -> Found:
    files = home.store().manifest.trusted().files
    segments = [file for file in files if file.kind == "segment" and file.state == "present"]
    rows = sum(file.rows for file in segments)
    return True, _("%(rows)d events in %(segments)d segments") % {"rows": rows, "segments": len(segments)}, ""


def _quarantine(home: Home) -> Found:
    count = sum(piece.state == "open" for piece in home.store().pieces())
    return not count, _("%d pieces set aside") % count, "wardkeep quarantine list"


def _outbox(home: Home) -> Found:
    from wardkeep.seal.outbox import waiting  # noqa: PLC0415

    count = waiting()
    return count < 1000, _("%d acts wait for the ledger") % count, "wardkeep serve"


def _rows(home: Home) -> Found:
    from wardkeep.seal.verify import verify_rows  # noqa: PLC0415

    last = _last_act(home)
    found = verify_rows(home.ledger_reader(), last=last)
    if not found.problems:
        said = _("%(rows)d rows as %(acts)d acts say") % {"rows": found.rows, "acts": found.acts}
        return True, said if last is not None else f"{said} ({_('the end of the ledger could not be asked for')})", ""
    shown = ", ".join(f"{p.kind} {p.where}" for p in found.problems[:5])
    mend = _("someone wrote into the database; restore it and find out who")
    if all(problem.kind == "act_missing" for problem in found.problems):
        mend = _("the rows are older than the ledger: put a newer copy back, or go on with `wardkeep ledger reconcile`")
    return False, f"{len(found.problems)}: {shown}", mend


def _last_act(home: Home) -> int | None:
    """The number of this database's last act as the ledger's writer knows it; None where it is busy elsewhere."""
    from wardkeep.ledger import LedgerUnavailable  # noqa: PLC0415
    from wardkeep.seal.outbox import incarnation  # noqa: PLC0415

    try:
        with home.connect_ledger(wait=1.0) as ledger:
            known = ledger.last(str(incarnation()))
    except LedgerUnavailable:
        return None
    return known[0] if known else 0


CHECKS: dict[str, Callable[[Home], Found]] = {
    "python": _python,
    "settings": _settings,
    "home_private": _home_private,
    "keys": _keys,
    "keys_apart": _keys_apart,
    "disk": _disk,
    "memory": _memory,
    "database": _database,
    "schema": _schema,
    "ledger": _ledger,
    "spool": _spool,
    "witnesses": _witnesses,
    "cosigned": _cosigned,
    "days": _days,
    "stamped": _stamped,
    "live": _live,
    "pulls": _pulls,
    "encrypted": _encrypted,
    "mappings": _mappings,
    "store": _store,
    "quarantine": _quarantine,
    "outbox": _outbox,
    "rows": _rows,
    "administrators": _administrators,
    "told": _told,
}
