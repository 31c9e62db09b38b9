# SPDX-License-Identifier: Apache-2.0
"""One audit message to a row.

One reading, two ways to it. The careful way parses the document. The quick way takes a message of the usual build apart where
its sections begin, and remembers what each section meant: a section is parsed once, by the careful way, and what was
well-formed then is so again. Both end in the same functions, so that they agree.
"""

from __future__ import annotations

import hashlib
from typing import Any, TypeVar

from wardkeep.watch.intake.atna import parts
from wardkeep.watch.intake.atna.markup import document
from wardkeep.watch.intake.atna.objects import CONTROLS, Object, Objects, thing, touched
from wardkeep.watch.intake.atna.parts import BadMessage, Event, Participant, Where, Who, named
from wardkeep.watch.intake.fhir_parts import ACCESS, OTHER, piece
from wardkeep.watch.intake.row import Row
from wardkeep.watch.intake.times import BadTime, Moment, Zone, iso

T = TypeVar("T")
#: Repeating sections that are remembered, of each kind.
KNOWN = 20_000
ROOT = b"AuditMessage"
_EVENT, _WHO = b"<EventIdentification", b"<ActiveParticipant"
_WHERE, _THING, _END = b"<AuditSourceIdentification", b"<ParticipantObjectIdentification", b"</AuditMessage>"
_TIME = b' EventDateTime="'


_new, _sha256 = tuple.__new__, hashlib.sha256


class Messages:
    """The audit messages of one file or connection."""

    def __init__(self, zone: Zone | None) -> None:
        """`zone` is that of times without an offset; None: they are refused."""
        self._zone = zone
        self._heads: set[bytes] = set()
        self._events: dict[bytes, Event] = {}
        self._people: dict[bytes, Participant] = {}
        self._who: dict[bytes, Who] = {}
        self._where: dict[bytes, Where] = {}
        self._objects = Objects()

    def row(self, xml: bytes, raw: bytes, position: str, *, begin: int = 0, sender: str | None = None) -> Row:
        """The event of a message, from `begin` to the end of `xml`; `raw` are the bytes of its record, `sender` the machine
        where no source is named.

        Raises BadMessage, BadXml, BadTime, with the reason as it is shown.
        """
        found = self._quick(xml, begin)
        if found is None:
            found = self._careful(xml[begin:].rstrip())
        return _row(*found, raw, position, sender)

    # -- the careful way -----------------------------------------------------------------------------------------------

    def _careful(self, xml: bytes) -> tuple[Moment, Event, Who, Where, list[Object]]:
        root = document(xml)
        if root.name != "AuditMessage":
            raise BadMessage("not-audit: XML that is no AuditMessage")
        known = root.all("EventIdentification")
        if not known:
            raise BadMessage("not-audit: an AuditMessage without EventIdentification")
        written = known[0].get("EventDateTime")
        if written is None:
            raise BadMessage("bad-time: the message has no EventDateTime")
        when = self._when(written.strip())
        return (
            when, parts.event(known[0]),
            parts.who([parts.participant(one) for one in root.all("ActiveParticipant")]),
            parts.where(next(iter(root.all("AuditSourceIdentification")), None)),
            [thing(one) for one in root.all("ParticipantObjectIdentification")],
        )  # fmt: skip

    def _when(self, written: str) -> Moment:
        try:
            return iso(written, self._zone)
        except BadTime as exc:
            raise BadMessage(f"bad-time: {exc}") from None

    # -- the quick way -------------------------------------------------------------------------------------------------

    def _quick(self, xml: bytes, begin: int) -> tuple[Moment, Event, Who, Where, list[Object]] | None:
        """The same; None where the message is not of the usual build, or something is wrong with it.

        Nothing is looked at twice: a section is known by its bytes, and was parsed by itself when it was new. Sections that are
        well-formed by themselves are so together.
        """
        first = xml.find(_EVENT, begin)
        at = xml.find(_TIME, first) + len(_TIME)
        stop = xml.find(b'"', at)
        second = xml.find(_WHO, stop)
        third = xml.find(_WHERE, second)
        end = xml.rfind(_END)
        if first < 0 or at < first + len(_TIME) or stop < 0 or second < 0 or third < 0 or end < third:
            return None
        fourth = xml.find(_THING, third, end)
        fourth = end if fourth < 0 else fourth
        try:
            if (head := xml[begin:first]) not in self._heads:
                self._learn_head(head)
            event = self._events.get(key := xml[first:at] + xml[stop:second])
            if event is None:
                event = _keep(self._events, key, _event(key))
            by = self._who.get(people := xml[second:third])
            if by is None:
                by = _keep(self._who, people, parts.who([self._participant(one) for one in people.split(_WHO)[1:]]))
            seen = self._where.get(source := xml[third:fourth])
            if seen is None:
                seen = _keep(self._where, source, parts.where(_section(source, "AuditSourceIdentification")[0]))
            things = self._objects.read(xml[fourth:end]) if fourth < end else []
            if things is None or not (len(xml) == end + len(_END) or xml[end + len(_END) :].isspace()):
                return None
            return iso(xml[at:stop].decode(), self._zone), event, by, seen, things
        except ValueError:  # BadXml, BadMessage, BadTime, _Unusual, bytes that are no UTF-8
            return None

    def _participant(self, data: bytes) -> Participant:
        """One of a message's participants, without the begin of its tag; people and machines meet in many pairs."""
        found = self._people.get(data)
        if found is None:
            (element,) = _section(_WHO + data, "ActiveParticipant")
            found = _keep(self._people, data, parts.participant(element))
        return _new(Participant, found)  # its own: the same bytes twice in a message are two participants

    def _learn_head(self, head: bytes) -> None:
        """What stands before the first section: a declaration, and the start tag that the end tag closes."""
        root = document(head + _END)
        if (
            root.name != "AuditMessage"
            or root.children
            or root.text.strip()
            or not _plain(head[head.rfind(b"?>") + 1 :])
        ):
            raise _Unusual
        declared = head[: head.rfind(b"?>") + 1].lower()
        if b"encoding" in declared and b"utf-8" not in declared:
            raise _Unusual
        if len(self._heads) >= KNOWN:
            self._heads.clear()
        self._heads.add(head)


class _Unusual(ValueError):
    """A build for which the careful way is there."""


def _plain(body: bytes) -> bool:
    """Whether it can be taken apart by its bytes: no comment or other section, UTF-8, and nothing that XML forbids."""
    if b"<!" in body or b"<?" in body or len(body.translate(None, CONTROLS)) < len(body):
        return False
    if body.isascii():
        return True
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return "\ufffe" not in text and "\uffff" not in text


def _section(data: bytes, name: str) -> list[Any]:
    """The elements of a section; each of that name, and nothing but space between them."""
    top = document(b"<x>" + data + b"</x>")
    if not top.children or top.text.strip() or any(child.name != name for child in top.children):
        raise _Unusual
    return top.children


def _event(key: bytes) -> Event:
    """What an EventIdentification means whose time was taken out."""
    (element,) = _section(key, "EventIdentification")
    if element.attributes.get("EventDateTime") != "":  # what was taken out was something else
        raise _Unusual
    return parts.event(element)


def _keep(known: dict[bytes, T], key: bytes, value: T) -> T:
    if len(known) >= KNOWN:
        known.clear()
    known[key] = value
    return value


def _row(
    when: Moment,
    event: Event,
    by: Who,
    seen: Where,
    things: list[Object],
    raw: bytes,
    position: str,
    sender: str | None,
) -> Row:
    action, kind, override, outcome, purpose, purposes, told, form, first, description, tail = event
    account, workstation, ip, head, server = by
    patients, resource, query, request, objects, written = touched(things)
    asked = piece("request_id", request) if request else ""
    system = seen.system or named(sender or "atna")
    extra = f"{{{first}{head}{description}{objects}{told}{written}{purposes}{asked}{server}{seen.extra}{tail}"
    return _new(Row, (
        None, when[0], when[1], account, patients, action, resource, 1, purpose, override, outcome,
        system, workstation, ip, seen.site, None, query, None,
        kind or (ACCESS if patients or (objects and action != "query") else OTHER), form, position,
        _sha256(raw).digest(), f"{extra[:-1]}}}" if len(extra) > 1 else None,
    ))  # fmt: skip
