# SPDX-License-Identifier: Apache-2.0
"""Failed sign-ins, counted by account and by where they came from, however either is written.

An account that no table names has many spellings, and which of them are one nobody knows: `root` of one domain is not `root`
of another. So it is counted as far as it is surely one, and by its bare name from one place.
"""

from __future__ import annotations

from wardkeep.watch.intake.row import Row
from wardkeep.watch.live.limits import Limits
from wardkeep.watch.live.machines import address_of, machine_of
from wardkeep.watch.live.memory import Different, Recent, Times
from wardkeep.watch.spelling import parted, plain


class _Station:
    """What failed at one workstation, while it has one address: a server's or a gateway's name that many sit behind is none."""

    __slots__ = ("accounts", "ip")

    def __init__(self, minutes: int) -> None:
        self.ip, self.accounts = "", Different(minutes)


class Guessing:
    """Belongs to one thread. Bounded."""

    def __init__(self, limits: Limits) -> None:
        self._most = limits.spray_accounts
        self.accounts = Recent(lambda: Times(limits.failed_logins, limits.failed_minutes))
        #: The same of accounts that no table names, by bare name and place.
        self.strangers = Recent(lambda: Times(limits.failed_logins, limits.failed_minutes))
        self.addresses = Recent(lambda: Different(limits.spray_minutes))
        self.stations = Recent(lambda: _Station(limits.spray_minutes))

    def forced(self, account: str, row: Row, at_us: int, *, known: bool) -> bool:
        """Whether so many sign-ins of one account failed now; then its count begins anew."""
        if known:
            counts = [self.accounts.of(account)]
        else:
            name, domain = parted(plain(account))
            counts = [self.accounts.of((name, domain.partition(".")[0]))]
            if row.ip or row.workstation:
                place = address_of(row.ip) if row.ip else machine_of(row.workstation or "").short
                counts.append(self.strangers.of((name, place)))
        if not any([times.add(at_us) for times in counts]):  # each of them is to count it
            return False
        for times in counts:
            times.clear()
        return True

    def sprayed(self, account: str, row: Row, at_us: int, *, known: bool) -> int:
        """How many accounts failed from one place now, where they are as many as the limit; else 0. Then it begins anew."""
        value, places = account if known else plain(account), []
        if row.ip:
            places.append(self.addresses.of(address_of(row.ip)))
        if row.workstation:
            station = self.stations.of(machine_of(row.workstation).short)
            if row.ip and station.ip != (ip := address_of(row.ip)):
                if station.ip:
                    station.accounts.clear()
                station.ip = ip
            places.append(station.accounts)
        most = max((different.count() for different in places if different.add(value, at_us) >= self._most), default=0)
        if most < self._most:
            return 0
        for different in places:
            different.clear()
        return most
