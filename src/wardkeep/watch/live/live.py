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
from wardkeep.watch.live.signed import Signed
from wardkeep.watch.live.wire import names_program, names_protocol, plain_protocol, remote_tool, said_of

_D = LiveDetection
_NOBODY = Holder()
#: Where somebody works from outside is no site.
REMOTE = "remote"
_ACCESS, _SUCCESS = Kind.ACCESS.value, Outcome.SUCCESS.value
_LOGIN, _LOGOUT = Action.LOGIN.value, Action.LOGOUT.value


class _Seat:
    """The workstation at which an account was last, and the one before."""

    __slots__ = ("before", "before_us", "last_us", "station")

    def __init__(self) -> None:
        self.station = self.before = ""
        self.last_us = self.before_us = 0


class _Stay:
    """The site at which an account was last."""

    __slots__ = ("last_us", "site")

    def __init__(self) -> None:
        self.site, self.last_us = "", 0


class Live:
    """Belongs to one thread."""

    def __init__(self, limits: Limits, known: Known) -> None:
        self._limits = limits
        self._opened = Recent(lambda: Different(limits.batch_minutes))
        self._guessing = Guessing(limits)
        self._seats = Recent(_Seat)
        self._stays = Recent(_Stay)
        #: Places of privileged accounts of which nothing was known before.
        self._first_places: Recent[set[str]] = Recent(set)
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
        if heard_us // MINUTE != self._minute:
            self._minute = heard_us // MINUTE
            self._in_minute.clear()
        holders, has_wire, account_of = self._known.holders, self._has_wire, self._known.spellings.account
        for row in rows:
            at_us = row.time if row.time < heard_us else heard_us
            holder, self._written = holders.get(row.account or "", _NOBODY), ""
            if holder is _NOBODY and row.account and (account := account_of(row.account)) != row.account:
                self._written, row = row.account, row._replace(account=account)  # noqa: PLW2901 - the same event
                holder = holders.get(account, _NOBODY)
            if row.kind == _ACCESS:
                if row.action == _LOGIN and row.outcome != _SUCCESS:
                    self._failure(row, holder, at_us)
                elif row.action != _LOGOUT:
                    if row.action == _LOGIN and holder.person is not None and holder.kind == "person":
                        self._signed.signs_in(row, holder.person, at_us)
                    if row.patients:
                        self._patients(row, holder, at_us)
                    if row.outcome == _SUCCESS and holder is not _NOBODY:
                        self._account(row, holder, at_us)
                elif holder.person is not None and holder.kind == "person":
                    self._signed.signs_out(row, holder.person)
            if has_wire and (row.extra is not None or row.resource is not None):
                self._wire(row, holder, at_us)
        found, self._found = self._found, []
        return found

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

    def _account(self, row: Row, holder: Holder, at_us: int) -> None:
        account = row.account or ""
        if holder.until_us is not None and at_us >= holder.until_us:
            self._alert(
                _D.LEAVER, row, holder, at_us, observed={"days_after": (at_us - holder.until_us) // (1440 * MINUTE)}
            )
        elif holder.from_us is not None and at_us < holder.from_us:
            self._alert(
                _D.LEAVER, row, holder, at_us, observed={"days_before": (holder.from_us - at_us) // (1440 * MINUTE)}
            )
        says = ACCOUNT
        if holder.kind == "person":
            if row.workstation:
                says |= STATION
                self._seat(row, holder, at_us)
            if site := row.site or self._known.sites.get(row.workstation or "", ""):
                says |= SITE
                self._site(row, holder, at_us, site)
        if account in self._known.privileged and (place := row.workstation or row.ip):
            says |= PRIVILEGED
            self._place(row, holder, at_us, place)
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
        seat = self._seats.of((row.account, row.system))
        station = row.workstation or ""
        if at_us < seat.last_us:
            return
        if station != seat.station:
            if station == seat.before and at_us - seat.before_us < self._limits.overlap_minutes * MINUTE:
                self._alert(
                    _D.SHARED, row, holder, at_us, observed={"other": seat.station, "between_s": _s(at_us - seat.before_us)},
                    limits={"overlap_minutes": self._limits.overlap_minutes},
                )  # fmt: skip
            seat.before, seat.before_us, seat.station = seat.station, seat.last_us, station
        seat.last_us = at_us

    def _site(self, row: Row, holder: Holder, at_us: int, site: str) -> None:
        if site == REMOTE:
            return
        stay = self._stays.of(row.account)
        if at_us < stay.last_us:
            return
        if stay.site not in ("", site) and at_us - stay.last_us < self._limits.travel_minutes * MINUTE:
            seen: dict[str, Value] = {"from_site": stay.site, "to_site": site, "between_s": _s(at_us - stay.last_us)}
            limits = {"travel_minutes": self._limits.travel_minutes}
            self._alert(_D.TRAVEL, row, holder, at_us, observed=seen, limits=limits)
        stay.site, stay.last_us = site, at_us

    def _place(self, row: Row, holder: Holder, at_us: int, place: str) -> None:
        known = self._known.places.get(row.account or "")
        if known:
            if place not in known and (row.ip is None or row.ip not in known):
                self._alert(_D.NEW_PLACE, row, holder, at_us, observed={"known": len(known)})
            return
        # Of this account nothing is known: where it is first used is taken as known, what follows is new.
        first = self._first_places.of(row.account)
        if not first:
            first.add(place)
        elif place not in first:
            self._alert(_D.NEW_PLACE, row, holder, at_us, observed={"known": len(first)})

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
