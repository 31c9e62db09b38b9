# SPDX-License-Identifier: Apache-2.0
"""`Spellings`: which account of the hospital's table a log surely means where it writes it otherwise. Pure.

Windows, directories, VPNs and Oracle write an account in capitals, with a domain, or by its holder's number. What is not sure
stays as it is written, with what it may mean: two people must never become one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

#: Stand before `\` and are no domain: what Windows itself runs as is nobody of the hospital's.
AUTHORITIES = frozenset({
    "nt authority", "nt service", "nt virtual machine", "builtin", "window manager", "font driver host", "iis apppool",
})  # fmt: skip


class How(StrEnum):
    """What says which account is meant, or why none is."""

    #: The same but for case, width, space around it or a domain.
    SPELLING = "spelling"
    #: The number of somebody who has one account.
    NUMBER = "number"
    #: Several accounts may be meant, or one of another domain.
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Spelt:
    """An account as a log writes it, which the table writes otherwise."""

    written: str
    how: How
    #: The one that is meant; all that may be where that is not sure, by name.
    accounts: tuple[str, ...]

    @property
    def account(self) -> str | None:
        """The account of the table, None where it is not sure."""
        return None if self.how is How.UNSURE else self.accounts[0]


def plain(text: str) -> str:
    """A text without case, width and space around it."""
    if text.isascii():
        return text.strip().lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def parted(text: str) -> tuple[str, str]:
    """(name, domain) of a plain text: `hospital\\li4`, `li4@hospital.cn`. No domain: empty."""
    before, slash, rest = text.rpartition("\\")
    if slash and before.strip() in AUTHORITIES:
        return text, ""
    name, _at, behind = rest.partition("@")
    return name.strip(), (before if slash else behind).strip()


class Spellings:
    """The accounts of the hospital's table, to be asked by any spelling."""

    def __init__(self, accounts: Iterable[tuple[str, str | None, str | None]], staff: Iterable[str]) -> None:
        """accounts: (account, staff_id, kind) as in the table, one of several rows as good as another. staff: staff numbers."""
        self._exact: set[str] = set()
        self._plain: dict[str, set[str]] = {}
        self._bare: dict[str, set[str]] = {}
        self._of_person: dict[str, set[str]] = {}
        for account, person, kind in accounts:
            self._exact.add(account)
            whole = plain(account)
            self._plain.setdefault(whole, set()).add(account)
            self._bare.setdefault(parted(whole)[0], set()).add(account)
            if person and kind == "person":
                self._of_person.setdefault(person, set()).add(account)
        self._numbers: dict[str, set[str]] = {}
        for number in staff:
            self._numbers.setdefault(plain(number), set()).add(number)
        self._bare.pop("", None)
        self._numbers.pop("", None)

    def of(self, written: str) -> Spelt | None:
        """What is meant by an account that a log writes; None where it stands in the table so, or nothing there is like it."""
        if written in self._exact:
            return None
        whole = plain(written)
        if found := self._plain.get(whole):
            return _spelt(written, found, sure=len(found) == 1)
        name, domain = parted(whole)
        if found := self._bare.get(name):
            return _spelt(written, found, sure=len(found) == 1 and _agree(domain, parted(plain(*found))[1]))
        people = self._numbers.get(name, ())
        held = {account for person in people for account in self._of_person.get(person, ())}
        if not held:
            return None
        return _spelt(written, held, sure=len(people) == 1 and len(held) == 1, how=How.NUMBER)

    def account(self, written: str) -> str:
        """The account of the table that is surely meant, else what is written."""
        spelt = self.of(written)
        return written if spelt is None or spelt.account is None else spelt.account


def _spelt(written: str, accounts: set[str], *, sure: bool, how: How = How.SPELLING) -> Spelt:
    return Spelt(written, how if sure else How.UNSURE, tuple(sorted(accounts)))


def _agree(one: str, other: str) -> bool:
    """Whether two domains may be one: the short name is the first part of the long one."""
    return not one or not other or one == other or one.partition(".")[0] == other.partition(".")[0]
