# SPDX-License-Identifier: Apache-2.0
"""`Notice`: something that people are told, and the few words that leave the house for it. Pure but for the language in force.

What leaves names counts, days, the hospital's systems and the console's address: never a patient, an account or a case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


class Kind(StrEnum):
    """What people are told of."""

    CASES = "cases"  # a judgement left cases to read
    ALERT = "alert"  # a live detection fired
    SILENT = "silent"  # what usually comes of a system has not come
    RECORDS = "records"  # signed records differ from what was sealed
    LEDGER = "ledger"  # somebody outside saw another history, or a kept day does not agree
    DIGEST = "digest"  # the page of a department's week is ready for its head
    UNREACHED = "unreached"  # heads of department have no address to tell them at, or a department that no table has
    TEST = "test"


class Channel(StrEnum):
    MAIL = "mail"
    WEBHOOK = "webhook"
    SMS = "sms"


class Delivery(StrEnum):
    """How far one channel is with one notice."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"


#: How long after each try that failed the next one comes; after the last the channel gives up, about a day later.
AGAIN_AFTER = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30, 60, 120, 240, 480, 480))


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One thing to tell. (kind, about) is told once."""

    kind: Kind
    #: What tells it from others of its kind: a day, a system and its last day, a digest.
    about: str
    count: int = 1
    #: The hospital's system concerned, of a digest the department; empty where it is neither.
    system: str = ""


def subject_of(notice: Notice, hospital: str) -> str:
    """One line, in the language in force."""
    said = {
        Kind.CASES: ngettext("%(n)d case to read", "%(n)d cases to read", notice.count),
        Kind.ALERT: ngettext("%(n)d live alert", "%(n)d live alerts", notice.count),
        Kind.SILENT: _("%(system)s is silent"),
        Kind.RECORDS: ngettext("%(n)d signed record differs", "%(n)d signed records differ", notice.count),
        Kind.LEDGER: _("the ledger must be looked into"),
        Kind.UNREACHED: ngettext(
            "%(n)d head of department cannot be told", "%(n)d heads of department cannot be told", notice.count
        ),
        Kind.TEST: _("a test of the notices"),
    }[notice.kind] % {"n": notice.count, "system": notice.system}
    return f"Wardkeep · {hospital}: {said}"


def text_of(notice: Notice, hospital: str, address: str) -> str:
    """The whole message, in the language in force. `address` of the console, empty where none is set."""
    said = {
        Kind.CASES: _("The last judgement left cases that wait for a reviewer. They are findings to be verified."),
        Kind.ALERT: _("Something was seen as it happened. It is to be verified."),
        Kind.SILENT: _(
            "What usually comes of %(system)s has not come, or numbers of it are missing. The page of coverage shows it."
        ),
        Kind.RECORDS: _(
            "Signed records are not as they were sealed. It is to be verified; the page of signed records lists them."
        ),
        Kind.LEDGER: _(
            "What somebody outside keeps of the ledger does not agree with it. Run `wardkeep ledger status` on the machine."
        ),
        Kind.UNREACHED: _(
            "No address is known to tell them at that the page of their week is ready, or no table of the hospital has their "
            "department. `wardkeep doctor` names them."
        ),
        Kind.TEST: _("Nothing happened; somebody tried whether notices arrive."),
    }[notice.kind] % {"system": notice.system}
    lines = [subject_of(notice, hospital), "", said]
    if address:
        lines += ["", address]
    return "\n".join(lines) + "\n"
