# SPDX-License-Identifier: Apache-2.0
"""Machines and addresses, however they are written: `ws1`, `WS1`, `\\\\WS1`, `ws1.hospital.local`, `::ffff:10.1.1.1`. Pure.

For comparison only: what is stored, shown and sealed stays as it was written. Attribution and what is heard live ask here.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

_PORT = re.compile(r"(.*[^:]):(\d{1,5})", re.DOTALL | re.ASCII)
_BRACKETS = re.compile(r"(.*?)[(（]([^()（）]*)[)）]", re.DOTALL)


#: Letters of a machine's name that NetBIOS knows.
NETBIOS = 15
#: What a program calls the machine on which it runs, or one of which it knows nothing.
_OWN = frozenset(
    {
        "localhost", "localhost.localdomain", "local machine", "<local machine>", "local", "(local)", "[local]", "本机", "本地",
        "unknown", "未知", "none", "null", "n/a", "-", "workstation",
    }
)  # fmt: skip


def is_own(written: str) -> bool:
    """Whether it only says `this machine`, which is another one in every log: a loopback address, `localhost`."""
    if found := _ip(written):
        one = ipaddress.ip_address(found)
        return one.is_loopback or one.is_unspecified
    return _plain(written) in _OWN


class Machine(NamedTuple):
    """A name in two parts; `domain` is empty where only the short name is written."""

    short: str
    domain: str

    def may_be(self, other: Machine) -> bool:
        """Whether both may name one machine: the same short name, and no two domains."""
        return self.short == other.short and (_within(self.domain, other.domain) or _within(other.domain, self.domain))


def address(written: str) -> str:
    """An address as it is compared; a text that is none in small letters."""
    return _ip(written) or _plain(written)


def machine(written: str) -> Machine:
    """The parts of a machine's name; of an address no part is a domain."""
    if found := _ip(written):
        return Machine(found, "")
    text = _plain(written)
    before, slash, name = text.rpartition("\\")
    if slash and name:  # DOMAIN\machine, \\machine
        return Machine(name, before.strip("\\").rpartition("\\")[2]) if "." not in name else _dotted(name)
    return _dotted(text)


def server(written: str) -> tuple[str, ...]:
    """Every name and address in what a bastion or an audit says of a server: `HISDB01(10.9.9.9)`, `10.9.9.9:1521`."""
    found = _BRACKETS.fullmatch(written.strip())
    parts = [written] if found is None else [found[1], found[2]]
    return tuple(dict.fromkeys(name for part in parts if (name := _without_port(part.strip()))))


def is_one(written: str, other: str) -> bool:
    """Whether both may name one machine, also where NetBIOS cut the name to its fifteen letters."""
    one, two = machine(written), machine(other)
    if not one.short or not two.short:
        return False
    cut = len(one.short) == NETBIOS and two.short.startswith(one.short)
    return (one._replace(short=two.short) if cut else one).may_be(two)


class Machines:
    """The machines of a hospital, by all names that are written of them."""

    def __init__(self, names: Iterable[str]) -> None:
        self._known: dict[str, Machine] = {name: machine(name) for name in names}
        domains: dict[str, set[str]] = {}
        for one in self._known.values():
            domains.setdefault(one.short, set()).add(one.domain)
        #: short name -> the domains in which there is a machine of it; more than one: the short name alone says not which.
        self._domains = {
            short: {one for one in found if not any(one != other and _within(one, other) for other in found)}
            for short, found in domains.items()
        }

    def key(self, written: str) -> tuple[str, str | None]:
        """What names the machine, the same for each way of writing it; and the short name where several machines have it.

        Where both are equal nobody knows which of them is meant.
        """
        short, domain = self._known.get(written) or machine(written)
        domains = self._domains.get(short, set())
        if len(domains) <= 1:
            return short, None
        meant = [one for one in domains if _within(domain, one)]
        return (f"{short}.{meant[0]}" if len(meant) == 1 else short), short


def _within(less: str, more: str) -> bool:
    """Whether a domain may be another one, written in full: nothing, `hospital`, `hospital.local`."""
    return not less or less == more or more.startswith(f"{less}.")


def _plain(written: str) -> str:
    return unicodedata.normalize("NFKC", written).strip().casefold()


def _ip(written: str) -> str | None:
    text = written.strip().strip("[]").partition("%")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def _dotted(text: str) -> Machine:
    short, _, domain = text.strip("\\").rstrip(".").partition(".")
    return Machine(short, domain) if short else Machine(text, "")


def _without_port(text: str) -> str:
    text = text.partition("/")[0]
    found = _PORT.fullmatch(text)
    return found[1] if found is not None and _ip(text) is None else text
