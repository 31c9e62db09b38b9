# SPDX-License-Identifier: Apache-2.0
"""From where privileged accounts are used: the workstations and addresses that are known of each, and what is none of them."""

from __future__ import annotations

from collections.abc import Iterable

from wardkeep.watch.intake.row import Row
from wardkeep.watch.live.known import Known
from wardkeep.watch.live.machines import address_of, machine_of, network_of
from wardkeep.watch.live.memory import Recent
from wardkeep.watch.places import Machine
from wardkeep.watch.spelling import Spellings


class Places:
    """The places of one account."""

    __slots__ = ("addresses", "networks", "stations")

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.stations: dict[str, set[Machine]] = {}
        self.addresses: set[str] = set()
        self.networks: set[str] = set()
        self.add(names)

    def add(self, names: Iterable[str]) -> None:
        for name in names:
            if network := network_of(name):
                self.addresses.add(address_of(name))
                self.networks.add(network)
            else:
                here = machine_of(name)
                self.stations.setdefault(here.short, set()).add(here)

    def __len__(self) -> int:
        return sum(map(len, self.stations.values())) + len(self.addresses)

    def has_station(self, name: str) -> bool:
        here = machine_of(name)
        return any(one.may_be(here) for one in self.stations.get(here.short, ()))


class Privileged:
    """Belongs to one thread."""

    def __init__(self, known: Known) -> None:
        #: (account, whether anything was learned of it) -> what was taken as known here, beside what was learned.
        self._taken: Recent[Places] = Recent(Places)
        self.know(known)

    def know(self, known: Known) -> None:
        """Go by this from now on."""
        self.accounts = known.privileged
        self._learned = {account: Places(names) for account, names in known.places.items() if names}
        strangers = [account for account in known.privileged if account not in known.holders]
        #: Those that stand in no table: `root`, `sa`, `Administrator`.
        self.strangers = Spellings(((account, None, None) for account in strangers), ()) if strangers else None

    def new_from(self, row: Row) -> int | None:
        """How many places of its account are known, where the event comes from none of them; None where it does."""
        account = row.account or ""
        learned = self._learned.get(account)
        taken = self._taken.of((account, learned is not None))
        known = [taken] if learned is None else [learned, taken]
        told = [name for name in (row.workstation, row.ip) if name]
        if not any(map(len, known)):
            taken.add(told)  # where it is first used is taken as known, what follows is new
            return None
        if _is_known(told, known):
            taken.add(name for name in told if not _holds(known, name))
            return None
        return sum(map(len, known))


def _is_known(told: list[str], known: list[Places]) -> bool:
    """Whether an account is used from where it was: all that is told must be known, for a client tells its own name, and many
    sit behind one address."""
    names = [name for name in told if not network_of(name)]
    addresses = [name for name in told if network_of(name)]
    named = [name for name in names if any(places.has_station(name) for places in known)]
    here = [ip for ip in addresses if any(address_of(ip) in places.addresses for places in known)]
    if len(named) < len(names) and (any(places.stations for places in known) or not addresses or here != addresses):
        return False  # a name that is the first of all, from a known address, is not new
    if here == addresses:
        return True
    # A known workstation may be given another address, in its network; so may one of which none was told before.
    near = all(any(network_of(ip) in places.networks for places in known) for ip in addresses)
    return bool(named) and (near or not any(places.addresses for places in known))


def _holds(known: list[Places], name: str) -> bool:
    """Whether it, or for an address its network, is among the places."""
    network = network_of(name)
    return any(network in places.networks if network else places.has_station(name) for places in known)
