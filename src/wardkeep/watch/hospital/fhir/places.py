# SPDX-License-Identifier: Apache-2.0
"""Who and where in a FHIR export: which department a place is, which person a role is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from wardkeep.watch.hospital.fhir.shapes import (
    Concept,
    Identifier,
    Location,
    Organization,
    Person,
    Practitioner,
    PractitionerRole,
    Reference,
    Resource,
)
from wardkeep.watch.hospital.tables import ROLES

#: Codes of http://terminology.hl7.org/CodeSystem/practitioner-role, and SNOMED CT's for the same professions.
_ROLES = {
    "doctor": "physician",
    "ict": "it",
    "309343006": "physician",
    "112247003": "physician",
    "158965000": "physician",
    "106292003": "nurse",
    "224535009": "nurse",
    "46255001": "pharmacist",
    "36682004": "therapist",
    **{role: role for role in ROLES.split()},
}
#: Places inside a department (Location.physicalType): bed, room, cabinet.
_INSIDE = {"bd", "ro", "ca"}
#: Nested deeper than this is taken for a loop.
_DEEP = 20


@dataclass(slots=True)
class Places:
    """References resolved: to departments and to people. One by path resolves to its id even where nothing has that id."""

    organizations: dict[str, Organization] = field(default_factory=dict)
    locations: dict[str, Location] = field(default_factory=dict)
    practitioners: set[str] = field(default_factory=set)
    #: PractitionerRole id -> it.
    roles: dict[str, PractitionerRole] = field(default_factory=dict)
    #: Practitioner id -> the first of their roles.
    role_of: dict[str, PractitionerRole] = field(default_factory=dict)
    #: Practitioner id -> the id of their own record as a patient.
    own_record: dict[str, str] = field(default_factory=dict)
    #: `Practitioner?identifier=system|value` -> id.
    _identified: dict[str, str] = field(default_factory=dict)
    #: What `department` found, by reference; filled once everything is taken.
    _departments: dict[str, str] = field(default_factory=dict)

    def take(self, resource: Resource) -> None:
        """Remember something that others refer to."""
        match resource:
            case Organization():
                self.organizations[resource.id] = resource
            case Location():
                self.locations[resource.id] = resource
            case Practitioner():
                self.practitioners.add(resource.id)
            case PractitionerRole():
                self.roles[resource.id] = resource
            case Person():
                patients = [p for p in (self.id(link.target, "Patient") for link in resource.link) if p]
                for link in resource.link if patients else ():
                    self.own_record.setdefault(self.id(link.target, "Practitioner"), patients[0])
        if isinstance(resource, Organization | Location | Practitioner):
            for one in resource.identifier:
                self._identified.setdefault(_search(resource.resource_type, one), resource.id)

    def settle(self) -> None:
        """Everything is taken: tie roles to their people."""
        for role in self.roles.values():
            if person := self.id(role.practitioner, "Practitioner"):
                self.role_of.setdefault(person, role)

    def id(self, reference: Reference, type: str) -> str:
        """The id of the resource of `type` that is referred to, '' where it is of another type or cannot be found.

        `Patient/12`, `https://ehr/fhir/Patient/12`, `Patient/12/_history/3`, `urn:uuid:…`; an identifier, or a search for
        one (`Practitioner?identifier=system|value`), where the resource was taken.
        """
        written = reference.reference
        parts = written.split("/")
        if len(parts) == 2 and "?" not in written:
            return parts[1] if parts[0] == type else ""
        if "?" in written:
            return self._identified.get(written, "") if written.startswith(f"{type}?") else ""
        if not written:
            named = reference.identifier
            return self._identified.get(_search(type, named), "") if named.value else ""
        if written.startswith("urn:uuid:"):
            own = written.removeprefix("urn:uuid:")
            return own if self._is(own, type) else ""
        for n in range(len(parts) - 1, 0, -1):
            if parts[n - 1] == type:
                return parts[n]
        return ""

    def _is(self, id: str, type: str) -> bool:
        """Whether an id that says no type is one of `type`: of a patient or their care it is where it is nobody else's."""
        known: dict[str, Collection[str]] = {
            "Organization": self.organizations,
            "Location": self.locations,
            "Practitioner": self.practitioners,
            "PractitionerRole": self.roles,
        }
        return id in known[type] if type in known else not any(id in ids for ids in known.values())

    def department(self, reference: Reference) -> str:
        """The department that a place is or lies in; '' where the reference is to no place."""
        if not reference.reference:
            return self._department(reference)
        known = self._departments.get(reference.reference)
        if known is None:
            known = self._departments[reference.reference] = self._department(reference)
        return known

    def _department(self, reference: Reference) -> str:
        if organization := self.id(reference, "Organization"):
            return organization
        if not (at := self.id(reference, "Location")):
            return ""
        for _ in range(_DEEP):
            place = self.locations.get(at)
            if place is None:
                break
            if self._is_department(manager := self.id(place.managing_organization, "Organization")):
                return manager
            above = self.id(place.part_of, "Location")
            if not above or not codes((place.physical_type,)) & _INSIDE:
                break
            at = above
        return self.named(at)

    def named(self, location: str) -> str:
        """The department name of a location that is one: its id, or `Location/<id>` where an organisation has that id."""
        return f"Location/{location}" if location in self.organizations else location

    def person(self, reference: Reference) -> str:
        """The practitioner behind a reference to them or to a role of theirs, else ''."""
        if person := self.id(reference, "Practitioner"):
            return person
        role = self.roles.get(self.id(reference, "PractitionerRole"))
        return self.id(role.practitioner, "Practitioner") if role else ""

    def works_in(self, reference: Reference) -> str:
        """The department of a place, or of the person or role referred to."""
        if department := self.department(reference):
            return department
        role = self.roles.get(self.id(reference, "PractitionerRole")) or self.role_of.get(
            self.id(reference, "Practitioner")
        )
        return self.role_department(role) if role else ""

    def role_department(self, role: PractitionerRole) -> str:
        for place in role.location:
            if department := self.department(place):
                return department
        return self.department(role.organization)

    def _is_department(self, organization: str) -> bool:
        """A department is declared one, or part of another organisation; a whole hospital is none."""
        found = self.organizations.get(organization)
        return found is not None and ("dept" in codes(found.type) or bool(found.part_of.reference))


def _search(type: str, identifier: Identifier) -> str:
    return f"{type}?identifier={identifier.system}|{identifier.value}"


def role_word(role: PractitionerRole) -> str:
    """Our word for the first code that has one, else ''."""
    for concept in role.code:
        for coding in concept.coding:
            if word := _ROLES.get(coding.code.lower()):
                return word
    return ""


def words(concepts: tuple[Concept, ...]) -> str:
    """What a person reads: the first text, display or code."""
    for concept in concepts:
        for text in (concept.text, *(c.display or c.code for c in concept.coding)):
            if text:
                return text
    return ""


def codes(concepts: tuple[Concept, ...]) -> set[str]:
    return {coding.code for concept in concepts for coding in concept.coding}
