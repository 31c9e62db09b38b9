# SPDX-License-Identifier: Apache-2.0
"""`Known`: what is known of the hospital while events are judged. A snapshot, replaced as a whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from wardkeep.watch.spelling import Spellings


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """One account and who holds it."""

    #: `person`, `service` or `shared`.
    kind: str = "person"
    person: str | None = None
    #: The group among whose members it is usual or not.
    role: str = ""
    #: The number under which its holder is a patient.
    own: str | None = None
    #: Other numbers of the same person: given up for that one, or it for them.
    others: Collection[str] = frozenset()
    #: From when on, and until when (exclusive), employment and enabling allow its use; None where nothing ends it.
    from_us: int | None = None
    until_us: int | None = None

    @property
    def is_vendor(self) -> bool:
        return self.role == "vendor"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """When an account may be used; None: without an end."""

    from_us: int
    until_us: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """Everything that a detection asks about the hospital. What is empty is not evaluated."""

    honey: Collection[str] = frozenset()
    holders: Mapping[str, Holder] = field(default_factory=dict)
    #: Which of these is meant where a log writes an account otherwise.
    spellings: Spellings = field(default_factory=lambda: Spellings((), ()))
    #: account -> its tickets.
    tickets: Mapping[str, tuple[Ticket, ...]] = field(default_factory=dict)
    #: role -> the usual top of different patients within ten minutes.
    peers: Mapping[str, int] = field(default_factory=dict)
    #: Accounts with rights above others', as the settings name them.
    privileged: Collection[str] = frozenset()
    #: privileged account -> the workstations and addresses from which it was used.
    places: Mapping[str, Collection[str]] = field(default_factory=dict)
    #: workstation -> the site where it stands.
    sites: Mapping[str, str] = field(default_factory=dict)
    #: Programs that let somebody in from outside and are not approved, in small letters and without `.exe`.
    remote_tools: Collection[str] = frozenset()
    #: Protocols and ports that carry what they carry in the clear.
    plain_protocols: Collection[str] = frozenset()
    plain_ports: Collection[int] = frozenset()
