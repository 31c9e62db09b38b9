# SPDX-License-Identifier: Apache-2.0
"""What an audit event says was touched: patients, things, the query, the request's number."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from wardkeep.watch.intake import fhir_terms as terms
from wardkeep.watch.intake.fhir_parts import bare_patient, piece, resource_type
from wardkeep.watch.intake.fhir_query import decoded, patients_in, searched_type
from wardkeep.watch.intake.fhir_shapes import Entity, Reference

_encode = msgspec.json.Encoder().encode


class _Object(msgspec.Struct, gc=False, omit_defaults=True):
    """A thing that was touched, as `extra` keeps it; keys in their order."""

    id: str | None = None
    name: str | None = None
    role: str | None = None
    type: str | None = None


class Touched(NamedTuple):
    """The patients by their own ids, each once, and the pieces of `extra`."""

    patients: tuple[str, ...]
    resource: str | None
    query: str | None
    things: str
    written: str
    request: str


def touched(entities: list[Entity], subject: Reference | None) -> Touched:
    """Read the entities; `subject` is the patient that R5 names beside them."""
    written: list[str] = []
    objects: list[_Object] = []
    resource = query = request = None
    for one in entities:
        thing, role, kind = one.what, one.role, one.type
        role_code = role.first() if role is not None else None
        kind_code = kind.first() if kind is not None else None
        name = thing.named if thing is not None else None
        if kind_code == terms.REQUEST_ID:
            request = name or one.name
            continue
        if one.query and query is None:
            query = decoded(one.query)
        if role_code == terms.PATIENT_ROLE or (thing is not None and _is_patient(thing)):
            written.append(name or one.name or "")
        elif resource is None and thing is not None and role_code != terms.QUERY_ROLE:
            resource = thing.type or (resource_type(thing.reference) if thing.reference else None)
        if name or one.name:
            objects.append(_Object(name, one.name, role_code, kind_code))
    if subject is not None and subject.named:
        written.append(subject.named)
    if query is not None:
        written += patients_in(query)
        resource = resource or searched_type(query)
    patients, shown = _patients(written)
    return Touched(
        patients,
        resource or ("Patient" if patients else None),
        query,
        f',"objects":{_encode(objects).decode()}' if objects else "",
        shown,
        piece("request_id", request),
    )


def _is_patient(thing: Reference) -> bool:
    return thing.type == "Patient" or (thing.reference is not None and "Patient/" in thing.reference)


def _patients(written: list[str]) -> tuple[tuple[str, ...], str]:
    """The ids, and as the source wrote them where that is another thing."""
    if not written:
        return (), ""
    bare: dict[str, str] = {}
    for one in written:
        if one:
            bare.setdefault(bare_patient(one), one)
    other = any(key != one for key, one in bare.items())
    return tuple(bare), piece("patients", list(bare.values())) if other else ""
