# SPDX-License-Identifier: Apache-2.0
"""What the parts of an AuditEvent mean that repeat from line to line: what was done, by whom, seen by which system.

Each reading is a small value with the piece of `extra` that belongs to it, already JSON, so that a repeated part costs one
look-up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from wardkeep.watch.event import Kind
from wardkeep.watch.intake import fhir_terms as terms
from wardkeep.watch.intake.fhir_shapes import codes, fields, items, reference, text

ACCESS, OTHER = str(Kind.ACCESS), str(Kind.OTHER)
_encode = msgspec.json.Encoder(order="sorted").encode
_PATIENT = re.compile(r"(?:^|/)Patient/([^/?#|\s]+)")
#: An identifier behind the system that gave it, as FHIR's searches write it.
_TOKEN = re.compile(r"(?:urn:|https?://)[^|]*\|(.+)", re.DOTALL)
_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+(?:%\w+)?", re.ASCII)


def piece(key: str, value: object) -> str:
    """A piece of `extra`: `"key":value,`, or nothing where the value is empty."""
    return f'"{key}":{_encode(value).decode()},' if value else ""


@dataclass(frozen=True, slots=True)
class What:
    """What was done."""

    action: str
    #: access, other, or empty: an access only if a patient or a thing is named
    kind: str
    override: bool = False
    action_code: str = ""
    subtype: str = ""
    release: str = "fhir-r4"


class Who(NamedTuple):
    """Who did it, from where."""

    account: str | None = None
    workstation: str | None = None
    ip: str | None = None
    purposes: tuple[str, ...] = ()
    #: Actors and client; server. Between them stands what is new in each record.
    head: str = ""
    server: str = ""


@dataclass(frozen=True, slots=True)
class Where:
    """Which system saw it."""

    system: str | None = None
    site: str | None = None
    source_system: str = ""


@dataclass(slots=True)
class _Agent:
    id: str | None
    alt: str | None
    name: str | None
    role: str | None
    requestor: bool
    types: Sequence[str]
    account: str | None
    label: str | None
    address: str | None
    address_type: str | None
    purposes: list[str] = field(default_factory=list)

    @property
    def person(self) -> bool:
        return any(t in terms.PERSONS for t in self.types)

    @property
    def machine(self) -> bool:
        known = {terms.SOURCE_ROLE, terms.DESTINATION_ROLE} | terms.SERVERS | terms.CLIENTS
        return any(t in known for t in self.types)

    @property
    def ip(self) -> str | None:
        return self.address if self.address and _ADDRESS.fullmatch(self.address) else None

    @property
    def url(self) -> bool:
        return self.address_type == "5" or bool(self.address and "://" in self.address)


def what(kind: object, subtype: object, category: object, code: object, letter: str | None) -> What:
    """What was done, by the special code (R4 subtype, R5 code) first, then the type (R5 category), then the letter."""
    newer = bool(codes(category) or codes(code))
    special, general = codes(code) or codes(subtype), codes(category) or codes(kind)
    meant = next((terms.SUBTYPES[c] for c in special if c in terms.SUBTYPES), None)
    if meant is None:
        meant = next((terms.TYPES[c] for c in general if c in terms.TYPES), None)
        if meant is None:
            meant = next((terms.SUBTYPES[c] for c in general if c in terms.SUBTYPES), None)
        elif meant == "login" and special:
            meant = terms.OTHER  # an authentication of another kind: a node, a certificate
        elif terms.RECEIVED in general and letter == "C":
            meant = "create"
    action, sort = terms.LETTERS.get(letter or "", "query"), ACCESS
    if meant is None:
        sort = ""
    elif meant == terms.OTHER:
        sort = OTHER
    elif meant != terms.BY_LETTER:
        action = meant
    return What(
        action, sort, terms.EMERGENCY_OVERRIDE in special, piece("action_code", letter),
        piece("subtype", ";".join(special)), "fhir-r5" if newer else "fhir-r4",
    )  # fmt: skip


def who(agents: object, *, reads: bool) -> Who:
    """The account, the client's machine, and all actors."""
    found = [_agent(a) for a in items(agents) if isinstance(a, dict)]
    user = _user(found)
    client, server = _ends([a for a in found if a is not user], reads=reads)
    ip = next((a.ip for a in (client, user) if a is not None and a.ip), None)
    workstation = None
    if client is not None:
        workstation = client.address if client.address_type == "1" else client.label
    if workstation is None and user is not None and user.address_type == "1":
        workstation = user.address
    purposes = tuple(dict.fromkeys(p for a in found for p in a.purposes))
    shown = [_shown(a) for a in found]
    return Who(
        user.account if user else None, workstation, ip, purposes,
        piece("actors", shown) + piece("client", (workstation or client.label or client.address) if client else None),
        piece("server", (server.label or server.address) if server else None),
    )  # fmt: skip


def _shown(agent: _Agent) -> dict[str, object]:
    """An actor as `extra` keeps it: what is empty, or an id that is the name, is left out (it stands in every record)."""
    said = {
        "address": agent.address,
        "alt": agent.alt,
        "id": agent.id if agent.id != agent.name else None,
        "name": agent.name,
        "requestor": agent.requestor,
        "role": agent.role,
    }
    return {key: value for key, value in said.items() if value}


def _agent(raw: dict[str, object]) -> _Agent:
    known = reference(raw.get("who"))
    value = known.identifier.value if known and known.identifier else None
    ref, display = (known.reference, known.display) if known else (None, None)
    name = text(raw.get("name"))
    alt = text(raw.get("altId"))
    types = codes(raw.get("type")) + codes(raw.get("role"))
    said = [t for r in items(raw.get("role")) + items(raw.get("type")) if (t := text(fields(r).get("text")))]
    network = fields(raw.get("network"))
    address = text(network.get("address")) or text(raw.get("networkString")) or text(raw.get("networkUri"))
    if address is None and (endpoint := reference(raw.get("networkReference"))) is not None:
        address = endpoint.named
    kind = text(network.get("type")) or ("5" if raw.get("networkUri") else None)
    return _Agent(
        id=value or ref or display,
        alt=alt,
        name=name or display,
        role=next(iter([*types, *said]), None),
        requestor=raw.get("requestor") is True,
        types=types,
        account=_stripped(value) or (last_segment(ref) if ref else None) or _stripped(name or display or alt),
        label=display or ref or value or name,
        address=address,
        address_type=kind,
        purposes=codes(raw.get("purposeOfUse")) + codes(raw.get("authorization")),
    )


def _stripped(value: str | None) -> str | None:
    return (value.strip() or None) if value else None


def _user(agents: list[_Agent]) -> _Agent | None:
    """The requestor; a person before a program; else a person who did not ask."""
    asking = [a for a in agents if a.requestor]
    for group in ([a for a in asking if a.person], [a for a in asking if not a.machine], asking):
        if group:
            return group[0]
    return next((a for a in agents if a.person), None) or next((a for a in agents if not a.types), None)


def _ends(machines: list[_Agent], *, reads: bool) -> tuple[_Agent | None, _Agent | None]:
    """Client and server. BALP names them by the direction of the data, so that a read turns them round."""
    server = next((a for a in machines if any(t in terms.SERVERS for t in a.types)), None)
    client = next((a for a in machines if any(t in terms.CLIENTS for t in a.types)), None)
    source = next((a for a in machines if terms.SOURCE_ROLE in a.types), None)
    target = next((a for a in machines if terms.DESTINATION_ROLE in a.types), None)
    if source is not None and target is not None:
        if source.url != target.url:
            turned = source.url
        elif bool(source.address) != bool(target.address):
            turned = bool(target.address)
        else:
            turned = reads
        first, second = (target, source) if turned else (source, target)
        return client or first, server or second
    for one in (source, target):
        if one is None:
            continue
        if one.url:
            server = server or one
        else:
            client = client or one
    return client, server


def where(source: object) -> Where:
    """The observing system and its site."""
    raw = fields(source)
    observer, site = reference(raw.get("observer")), raw.get("site")
    place = text(site) if isinstance(site, str) else None
    if place is None and (known := reference(site)) is not None:
        place = known.display or known.named
    name = (observer.display or observer.named) if observer else None
    return Where(name, place, piece("source_system", name))


def last_segment(ref: str) -> str | None:
    """The id in a reference: `Practitioner/7` and `https://ehr/fhir/Practitioner/7/_history/2` are both 7."""
    path = ref.strip().partition("/_history/")[0].rstrip("/")
    return path.rpartition("/")[2] or None


def bare_patient(written: str) -> str:
    """The patient's id in what a source writes: a reference, a CX `id^^^&oid&ISO`, a token `urn:oid:1.2|id`, or an id."""
    written = written.strip()
    if written.startswith("Patient/") and "/" not in written[8:]:
        return written[8:] or written
    if "^^^" in written:
        return written.partition("^")[0] or written
    match = _PATIENT.search(written) or _TOKEN.fullmatch(written)
    return match[1] if match else written


def resource_type(ref: str) -> str | None:
    """`List` of `List/7`, also where the reference is a URL or names a version."""
    path = ref.partition("/_history/")[0]
    return path.rpartition("/")[0].rpartition("/")[2] or None
