# SPDX-License-Identifier: Apache-2.0
"""`Live`: events in, in the order in which they were heard; alerts out. The same events give the same alerts.

It keeps a bounded memory of the last minutes. A time is the source's, but never later than the moment of hearing, so that a
clock that runs ahead makes nobody else's minutes old; what comes too late to be in order counts by itself, and in no sequence.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from wardkeep.watch.event import Action, Kind, Outcome
from wardkeep.watch.intake.row import Row
from wardkeep.watch.live.alert import Alert, LiveDetection, Value
from wardkeep.watch.live.guessing import Guessing
from wardkeep.watch.live.known import Holder, Known
from wardkeep.watch.live.limits import Limits
from wardkeep.watch.live.looking import (
    ACCOUNT,
    ADDRESS,
    FAILED,
    PATIENT,
    PRIVILEGED,
    PROGRAM,
    PROTOCOL,
    SITE,
    STATION,
    VENDOR,
)
from wardkeep.watch.live.memory import MINUTE, Different, Recent, Said
from wardkeep.watch.live.privileged import Privileged
from wardkeep.watch.live.seats import Seat, Stands, Stay
from wardkeep.watch.live.signed import Signed
from wardkeep.watch.live.wire import names_program, names_protocol, plain_protocol, remote_tool, said_of
from wardkeep.watch.spelling import plain

_D = LiveDetection
_NOBODY = Holder()
#: Where somebody works from outside is no site.
REMOTE = "remote"
_ACCESS, _SUCCESS = Kind.ACCESS.value, Outcome.SUCCESS.value
#: A sign-in of Windows that is no access: a service or a task begins under the account. Nobody sits there, but it is in use.
_UNATTENDED = '"action_code":"4624"'
_LOGIN, _LOGOUT = Action.LOGIN.value, Action.LOGOUT.value


class Live:
    """Belongs to one thread."""

    def __init__(self, limits: Limits, known: Known) -> None:
        self._limits = limits
        self._opened = Recent(lambda: Different(limits.batch_minutes))
        self._guessing = Guessing(limits)
        self._seats = Recent(Seat)
        self._stays = Recent(Stay)
        self._privileged = Privileged(known)
        self._signed = Signed(limits.session_hours)
        self._said = Said(limits.quiet_minutes)
        self._minute, self._in_minute = 0, Counter[LiveDetection]()
        #: Alerts that were not said because too many of the kind came within one minute.
        self.held_back: Counter[LiveDetection] = Counter()
        #: What each system's events were seen to say (`looking.py`).
        self.says: defaultdict[str, int] = defaultdict(int)
        self._found: list[Alert] = []
        self._heard_us = 0
        #: How the account of the event in hand is written, where that is not as the table has it.
        self._written = ""
        self.know(known)

    def know(self, known: Known) -> None:
        """Go by this from now on."""
        self._known = known
        self._privileged.know(known)
        self._stands = Stands(known.sites)
        self._batch_of = {
            role: max(self._limits.batch_patients, math.ceil(self._limits.batch_peer_factor * usual))
            for role, usual in known.peers.items()
        }
        self._has_wire = bool(known.plain_protocols or known.plain_ports or known.remote_tools)

    def remember(self, alerts: Iterable[Alert]) -> None:
        """Take these as said: by another process before this one."""
        for alert in alerts:
            self._said.note(alert.key, alert.at_us)

    def judge(self, rows: Iterable[Row], *, heard_us: int) -> list[Alert]:
        """The alerts of events that were heard together, in their order."""
        self._found, self._heard_us, self._written = [], heard_us, ""
        self._turn(heard_us // MINUTE)
        holders, has_wire, privileged = self._known.holders, self._has_wire, self._privileged.accounts
        note = self._signed.gateways.note
        for row in rows:
            at_us = row.time if row.time < heard_us else heard_us
            holder, self._written = holders.get(row.account or "", _NOBODY), ""
            if holder is _NOBODY and row.account:
                row, holder = self._meant(row)  # noqa: PLW2901 - the same event
            if row.kind == _ACCESS:
                note(row.ip, row.workstation, at_us)
                if row.action == _LOGIN and row.outcome != _SUCCESS:
                    self._failure(row, holder, at_us)
                elif row.action != _LOGOUT:
                    if row.action == _LOGIN and holder.person is not None and holder.kind == "person":
                        self._signed.signs_in(row, holder.person, at_us)
                    if row.patients:
                        self._patients(row, holder, at_us)
                    if row.outcome == _SUCCESS and holder is not _NOBODY:
                        self._account(row, holder, at_us)
                    elif row.outcome == _SUCCESS and row.account in privileged:
                        self._place(row, holder, at_us)
                elif holder.person is not None and holder.kind == "person":
                    self._signed.signs_out(row, holder.person)
            elif holder is not _NOBODY and row.outcome == _SUCCESS and row.extra and _UNATTENDED in row.extra:
                self._ended(row, holder, at_us)
            if has_wire and (row.extra is not None or row.resource is not None):
                self._wire(row, holder, at_us)
        found, self._found = self._found, []
        return found

    def _turn(self, minute: int) -> None:
        if minute != self._minute:
            self._minute = minute
            self._in_minute.clear()

    def _meant(self, row: Row) -> tuple[Row, Holder]:
        """An event whose account is written as no table has it: with the one that is surely meant, and its holder."""
        written, holders = row.account or "", self._known.holders
        account = self._known.spellings.account(written)
        if account not in holders and self._privileged.strangers is not None:
            account = self._privileged.strangers.account(account)
        if account == written:
            return row, _NOBODY
        self._written = written
        return row._replace(account=account), holders.get(account, _NOBODY)

    def _patients(self, row: Row, holder: Holder, at_us: int) -> None:
        self.says[row.system] |= PATIENT
        honey, own = self._known.honey, holder.own
        for patient in row.patients:
            if patient in honey and holder.kind != "service":
                self._alert(_D.HONEY, row, holder, at_us, patient=patient)
            if (patient == own or patient in holder.others) and row.outcome == _SUCCESS:
                seen: dict[str, Value] = {} if patient == own else {"other_number": 1}
                self._alert(_D.SELF_ACCESS, row, holder, at_us, patient=patient, observed=seen)
        if row.account is None or row.outcome != _SUCCESS or holder.kind == "service":
            return
        limit = self._batch_of.get(holder.role, self._limits.batch_patients)
        opened = self._opened.of(row.account)
        for patient in row.patients:
            if opened.add(patient, at_us) >= limit and (count := opened.count()) >= limit:
                opened.clear()
                self._alert(
                    _D.BATCH, row, holder, at_us, observed={"batch_patients": count},
                    limits={"batch_patients": limit, "batch_minutes": self._limits.batch_minutes},
                )  # fmt: skip

    def _ended(self, row: Row, holder: Holder, at_us: int) -> None:
        """Whether an account is used that nobody may use at that time."""
        if holder.until_us is not None and at_us >= holder.until_us:
            self._alert(
                _D.LEAVER, row, holder, at_us, observed={"days_after": (at_us - holder.until_us) // (1440 * MINUTE)}
            )
        elif holder.from_us is not None and at_us < holder.from_us:
            self._alert(
                _D.LEAVER, row, holder, at_us, observed={"days_before": (holder.from_us - at_us) // (1440 * MINUTE)}
            )

    def _account(self, row: Row, holder: Holder, at_us: int) -> None:
        account = row.account or ""
        self._ended(row, holder, at_us)
        says = ACCOUNT
        if holder.kind == "person":
            if row.workstation:
                says |= STATION
                self._seat(row, holder, at_us)
            if site := row.site or (self._stands.of(row.workstation) if row.workstation else ""):
                says |= SITE
                self._site(row, holder, at_us, site)
        if account in self._privileged.accounts:
            self._place(row, holder, at_us)
        if holder.is_vendor:
            says |= VENDOR
            if not self._has_ticket(account, at_us):
                limits = {"clock_minutes": self._limits.clock_minutes}
                tickets = len(self._known.tickets.get(account, ()))
                self._alert(_D.MAINTENANCE, row, holder, at_us, observed={"tickets": tickets}, limits=limits)
        self.says[row.system] |= says

    def _failure(self, row: Row, holder: Holder, at_us: int) -> None:
        limits, account, known = self._limits, row.account, holder is not _NOBODY
        if not account:
            return
        self.says[row.system] |= FAILED | ADDRESS if row.ip or row.workstation else FAILED
        if self._guessing.forced(account, row, at_us, known=known):
            self._alert(
                _D.BRUTE_FORCE, row, holder, at_us, observed={"failed_logins": limits.failed_logins},
                limits={"failed_logins": limits.failed_logins, "failed_minutes": limits.failed_minutes},
            )  # fmt: skip
        if count := self._guessing.sprayed(account, row, at_us, known=known):
            self._alert(
                _D.SPRAYING, row, _NOBODY, at_us, account="", observed={"spray_accounts": count},
                limits={"spray_accounts": limits.spray_accounts, "spray_minutes": limits.spray_minutes},
            )  # fmt: skip

    def _seat(self, row: Row, holder: Holder, at_us: int) -> None:
        # Two systems may call one machine by two names, so what changes is looked at within each.
        seat, minutes = self._seats.of((row.account, row.system)), self._limits.overlap_minutes
        if (turn := seat.used(row.workstation or "", at_us, minutes * MINUTE)) is not None:
            self._alert(
                _D.SHARED, row, holder, at_us, observed={"other": turn.other, "between_s": _s(turn.between_us)},
                limits={"overlap_minutes": minutes},
            )  # fmt: skip

    def _site(self, row: Row, holder: Holder, at_us: int, site: str) -> None:
        if plain(site) == REMOTE:
            return
        stay = self._stays.of(row.account)
        if at_us < stay.last_us:
            return
        if (
            stay.site
            and plain(stay.site) != plain(site)
            and at_us - stay.last_us < self._limits.travel_minutes * MINUTE
        ):
            seen: dict[str, Value] = {"from_site": stay.site, "to_site": site, "between_s": _s(at_us - stay.last_us)}
            limits = {"travel_minutes": self._limits.travel_minutes}
            self._alert(_D.TRAVEL, row, holder, at_us, observed=seen, limits=limits)
        stay.site, stay.last_us = site, at_us

    def _place(self, row: Row, holder: Holder, at_us: int) -> None:
        if not (row.workstation or row.ip):
            return
        self.says[row.system] |= PRIVILEGED
        if (known := self._privileged.new_from(row)) is not None:
            self._alert(_D.NEW_PLACE, row, holder, at_us, observed={"known": known})

    def _has_ticket(self, account: str, at_us: int) -> bool:
        margin = self._limits.clock_minutes * MINUTE
        return any(
            ticket.from_us - margin <= at_us and (ticket.until_us is None or at_us < ticket.until_us + margin)
            for ticket in self._known.tickets.get(account, ())
        )

    def _wire(self, row: Row, holder: Holder, at_us: int) -> None:
        known, said = self._known, said_of(row.extra)
        if said is None and row.resource is None:
            return
        if says := (PROTOCOL if names_protocol(said, row.resource) else 0) | (PROGRAM if names_program(said) else 0):
            self.says[row.system] |= says
        if protocol := plain_protocol(said, row.resource, known.plain_protocols, known.plain_ports):
            self._alert(_D.PLAINTEXT, row, holder, at_us, observed={"protocol": protocol})
        if tool := remote_tool(said, row.resource, known.remote_tools):
            self._alert(_D.REMOTE_TOOL, row, holder, at_us, observed={"program": tool})

    def _alert(
        self,
        detection: LiveDetection,
        row: Row,
        holder: Holder,
        at_us: int,
        *,
        patient: str | None = None,
        account: str | None = None,
        observed: Mapping[str, Value] = {},
        limits: Mapping[str, Value] = {},
    ) -> None:
        person = holder.person
        if holder.kind != "person":
            person, acting = self._acting(row, at_us)
            observed = {**observed, **acting}
        if self._written and account is None:
            observed = {**observed, "written": self._written}
        alert = Alert(
            detection=detection, account=(row.account or "") if account is None else account, person=person,
            patient_id=patient, at_us=at_us, heard_us=self._heard_us, system=row.system,
            workstation=row.workstation or "", ip=row.ip or "", event_id=row.event_id or "", raw_sha256=row.raw_sha256,
            observed=observed, limits=limits,
        )  # fmt: skip
        if self._in_minute[detection] >= self._limits.most_a_minute:
            self.held_back[detection] += 1
        elif self._said.note(alert.key, at_us):
            self._in_minute[detection] += 1
            self._found.append(alert)

    def _acting(self, row: Row, at_us: int) -> tuple[str | None, dict[str, Value]]:
        """Who was signed in where a shared or an application's account was used: the one person, else everybody."""
        found = self._signed.candidates(row, at_us)
        if not found:
            return None, {"acting": "unresolved"}
        people = ", ".join(one.person for one in found)
        evidence = "; ".join(f"{one.system} {one.account} {_s(at_us - one.from_us)} s" for one in found)
        if len(found) == 1 and found[0].sure and not self._signed.moved_on(found[0], row):
            return found[0].person, {"acting": "named", "people": people, "signed_in": evidence}
        return None, {"acting": "several", "people": people, "signed_in": evidence}


def _s(us: int) -> int:
    return round(us / 1e6)
