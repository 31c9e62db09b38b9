# SPDX-License-Identifier: Apache-2.0
"""The parts of an AuditEvent that are read, typed, and how the same parts are taken from JSON of any shape.

The typed shapes are for speed: what fits them is decoded straight from the bytes. What does not fit (a number where a text
is due, one object where a list is) goes the lenient way and gives the same shapes.
"""

from __future__ import annotations

from typing import Any

import msgspec

#: A part that is not there.
NOTHING = msgspec.Raw()


class Coded(msgspec.Struct, gc=False):
    """A Coding, or a CodeableConcept by its codings."""

    code: str | None = None
    coding: list[Coded] | None = None

    def first(self) -> str | None:
        if self.code:
            return self.code
        return next((c.code for c in self.coding or () if c.code), None)

    def all(self) -> list[str]:
        """Every code."""
        return ([self.code] if self.code else []) + [c.code for c in self.coding or () if c.code]


class Identifier(msgspec.Struct, gc=False):
    value: str | None = None


class Reference(msgspec.Struct, gc=False):
    reference: str | None = None
    type: str | None = None
    identifier: Identifier | None = None
    display: str | None = None

    @property
    def named(self) -> str | None:
        """The identifier's value, else the reference, else the display."""
        known = self.identifier
        return (known.value if known is not None else None) or self.reference or self.display or None


class Entity(msgspec.Struct, gc=False):
    what: Reference | None = None
    type: Coded | None = None
    role: Coded | None = None
    name: str | None = None
    query: str | None = None
    securityLabel: list[Coded] | None = None


class Period(msgspec.Struct, gc=False):
    start: str | None = None
    end: str | None = None


class Audit(msgspec.Struct, gc=False):
    """An AuditEvent of R4 or R5: what differs from line to line is typed, what repeats is kept raw and remembered."""

    resourceType: str
    id: str | None = None
    type: msgspec.Raw = NOTHING
    subtype: msgspec.Raw = NOTHING
    category: msgspec.Raw = NOTHING
    code: msgspec.Raw = NOTHING
    action: str | None = None
    recorded: str | None = None
    period: Period | None = None
    occurredPeriod: Period | None = None
    occurredDateTime: str | None = None
    outcome: msgspec.Raw = NOTHING
    outcomeDesc: str | None = None
    purposeOfEvent: msgspec.Raw = NOTHING
    authorization: msgspec.Raw = NOTHING
    agent: msgspec.Raw = NOTHING
    source: msgspec.Raw = NOTHING
    patient: Reference | None = None
    entity: list[Entity] | None = None


def text(value: object) -> str | None:
    """A text that says something; a number as it is written."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        value = str(value)
    return (value or None) if isinstance(value, str) else None


def items(value: object) -> list[Any]:
    """A list, or one thing as a list of it."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def fields(value: object) -> dict[str, Any]:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def codes(value: object) -> list[str]:
    """All codes of Codings and CodeableConcepts, in order; a plain text is a code."""
    found: list[str] = []
    for one in items(value):
        if isinstance(one, dict):
            code = text(one.get("code"))
            if code:
                found.append(code)
            found += [c for coding in items(one.get("coding")) if (c := text(fields(coding).get("code")))]
        elif isinstance(one, str) and one:
            found.append(one)
    return found


def reference(value: object) -> Reference | None:
    """A Reference of any shape; a plain text is a display."""
    if isinstance(value, str):
        return Reference(display=text(value))
    if not isinstance(value, dict):
        return None
    identifier = next((t for i in items(value.get("identifier")) if (t := text(fields(i).get("value")))), None)
    return Reference(
        reference=text(value.get("reference")),
        type=text(value.get("type")),
        identifier=Identifier(identifier) if identifier else None,
        display=text(value.get("display")),
    )


def period(value: object) -> Period | None:
    """A Period of any shape."""
    raw = fields(value)
    return Period(text(raw.get("start")), text(raw.get("end"))) if raw else None


def entity(value: object) -> Entity:
    """An entity of any shape."""
    raw = fields(value)
    found = {key: codes(raw.get(key)) for key in ("type", "role")}
    what = reference(raw.get("what"))
    return Entity(
        what=what,
        type=Coded(code=found["type"][0]) if found["type"] else None,
        role=Coded(code=found["role"][0]) if found["role"] else None,
        name=text(raw.get("name")),
        query=text(raw.get("query")),
        securityLabel=[Coded(code=code) for code in codes(raw.get("securityLabel"))] or None,
    )
