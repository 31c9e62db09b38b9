# SPDX-License-Identifier: Apache-2.0
"""What the parts of an audit message mean: the event, the participants, the source.

Both dialects are read alike: `csd-code` or `code`, `originalText` or `displayName`. The words are those of FHIR AuditEvent,
which was made from this model, so the same codes mean the same.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from wardkeep.watch.intake import fhir_terms as terms
from wardkeep.watch.intake.atna.markup import Element, code_of, said_of
from wardkeep.watch.intake.fhir_parts import piece, what
from wardkeep.watch.intake.row import RESERVED, reserved

_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+(?:%\w+)?", re.ASCII)
#: `alias<user@issuer>`: who a SAML assertion says it was (IHE XUA).
_ASSERTED = re.compile(r"[^<>]*<(.+)@[^<>@]+>")
_TITLE = re.compile(r"AETITLES?=([^;]+)")
_MACHINES = frozenset({terms.SOURCE_ROLE, terms.DESTINATION_ROLE}) | terms.SERVERS | terms.CLIENTS
_MEDIA = frozenset({"110154", "110155"})
_encode = msgspec.json.Encoder(order="sorted").encode


class BadMessage(ValueError):
    """Why a message is no event; never with a value of it."""


class Event(NamedTuple):
    """What was done, without its time; and the pieces of `extra` that belong to it."""

    action: str
    #: access, other, or empty: an access only if a patient or a thing is named
    kind: str
    override: bool
    outcome: str
    purpose: str | None
    purposes: str
    outcome_text: str
    format: str
    head: str
    description: str
    tail: str


class Who(NamedTuple):
    """Who did it, from where."""

    account: str | None
    workstation: str | None
    ip: str | None
    #: Actors and client; server.
    head: str
    server: str


class Where(NamedTuple):
    """Which system saw it."""

    system: str | None
    site: str | None
    extra: str


class Participant(NamedTuple):
    """Who or what took part; what follows from what the message says is worked out once, for people meet many machines."""

    id: str | None
    alt: str | None
    name: str | None
    roles: tuple[str, ...]
    role: str | None
    requestor: bool
    address: str | None
    address_type: str | None
    machine: bool
    media: bool
    url: bool
    ip: str | None
    #: A person by the name in the assertion; a program by its AE title before the number of its process.
    account: str | None
    #: As `extra` keeps an actor, already JSON.
    shown: str


def event(element: Element) -> Event:
    """EventIdentification. Raises BadMessage."""
    ids, types = element.all("EventID"), element.all("EventTypeCode")
    letter = element.get("EventActionCode")
    kinds = [code for one in ids if (code := code_of(one))]
    special = [code for one in types if (code := code_of(one))]
    done = what(kinds, special, None, None, letter)
    outcome = element.get("EventOutcomeIndicator") or "0"
    if outcome not in terms.OUTCOMES:
        raise BadMessage("unmapped-outcome: an EventOutcomeIndicator other than 0, 4, 8 and 12")
    purposes = dict.fromkeys(code for one in element.all("PurposeOfUse") if (code := code_of(one)))
    told = next((t for one in element.all("EventOutcomeDescription") if (t := one.text.strip())), None)
    dicom = any("csd-code" in one.attributes for one in (*ids, *types))
    return Event(
        done.action, done.kind, done.override or terms.BREAKGLASS in purposes, terms.OUTCOMES[outcome],
        next((terms.PURPOSES[code] for code in purposes if code in terms.PURPOSES), None), piece("purposes", list(purposes)),
        piece("outcome_text", told), "atna-dicom" if dicom else "atna-rfc3881", done.action_code,
        piece("description", next((said for one in ids if (said := said_of(one))), None)), done.subtype,
    )  # fmt: skip


def who(found: list[Participant]) -> Who:
    """The account, the client's machine, and all actors."""
    user = _user(found)
    client, server = _ends([one for one in found if one is not user], user)
    ip = next((one.ip for one in (client, user) if one is not None and one.ip), None)
    workstation = None
    if client is not None:
        workstation = client.address if client.address_type == "1" else client.id
    if user is not None and user.address_type == "1" and (client is None or client.address_type != "1"):
        workstation = user.address
    return Who(
        user.account if user else None, workstation, ip,
        (f'"actors":[{",".join([one.shown for one in found])}],' if found else "")
        + piece("client", (workstation or client.id or client.address) if client else None),
        piece("server", (server.id or server.address) if server else None),
    )  # fmt: skip


def participant(element: Element) -> Participant:
    """ActiveParticipant."""
    codes = [one for one in element.all("RoleIDCode")]
    roles = tuple(code for one in codes if (code := code_of(one)))
    said = next((text for one in codes if (text := said_of(one))), None)
    # DICOM: where it is not said, the participant asked.
    asked = (element.get("UserIsRequestor") or "true").strip().lower() in ("true", "1")
    id, alt, name = element.get("UserID"), element.get("AlternativeUserID"), element.get("UserName")
    address, address_type = element.get("NetworkAccessPointID"), element.get("NetworkAccessPointTypeCode")
    role = roles[0] if roles else said
    machine = not _MACHINES.isdisjoint(roles) or "://" in (id or "")
    shown = {"address": address, "alt": alt, "id": id, "name": name, "requestor": asked, "role": role}
    return Participant(
        id, alt, name, roles, role, asked, address, address_type, machine, not _MEDIA.isdisjoint(roles),
        address_type == "5" or "://" in (address or "") or "://" in (id or ""),
        address if address and _ADDRESS.fullmatch(address) else None, _account(id, alt, name, machine=machine),
        _encode({key: value for key, value in shown.items() if value}).decode(),  # what is empty is left out
    )  # fmt: skip


def _account(id: str | None, alt: str | None, name: str | None, *, machine: bool) -> str | None:
    title = _TITLE.search(alt) if machine and alt else None
    if title is not None:
        return title[1].strip() or None
    known = (id or alt or name or "").strip()
    asserted = _ASSERTED.fullmatch(known)
    return (asserted[1].strip() if asserted else known) or None


def _user(found: list[Participant]) -> Participant | None:
    """Who asked, a person before a program; else a person who did not ask; media are neither."""
    able = [one for one in found if not one.media]
    persons = [one for one in able if not one.machine and one.account]
    asking = [one for one in persons if one.requestor]
    for group in ([one for one in asking if one.name or one.roles], asking, [one for one in able if one.requestor]):
        if group:
            return group[0]
    return persons[0] if persons else None


def _ends(machines: list[Participant], user: Participant | None) -> tuple[Participant | None, Participant | None]:
    """Client and server: who asked is the client, whichever way the data went; else the source of the message."""
    server = next((one for one in machines if not terms.SERVERS.isdisjoint(one.roles)), None)
    client = next((one for one in machines if not terms.CLIENTS.isdisjoint(one.roles)), None)
    source = next((one for one in machines if terms.SOURCE_ROLE in one.roles), None)
    target = next((one for one in machines if terms.DESTINATION_ROLE in one.roles), None)
    if source is not None and target is not None:
        turned = source.url and not target.url if source.requestor == target.requestor else target.requestor
        first, second = (target, source) if turned else (source, target)
        return client or first, server or second
    for one in (source, target):
        if one is None:
            continue
        if (user is not None and user.machine) or not one.requestor:  # a program asked, and this is what it asked
            server = server or one
        else:
            client = client or one
    if user is not None and user.machine and client is None:
        client = user
    return client, server


def named(system: str) -> str:
    """The system, where it may be called so. Raises BadMessage."""
    if reserved(system):
        raise BadMessage(RESERVED)
    return system


def where(element: Element | None) -> Where:
    """AuditSourceIdentification."""
    if element is None:
        return Where(None, None, "")
    system = element.get("AuditSourceID")
    if system is not None:
        named(system)
    return Where(system, element.get("AuditEnterpriseSiteID"), piece("source_system", system))
