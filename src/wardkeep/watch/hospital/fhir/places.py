# SPDX-License-Identifier: Apache-2.0
"""Who and where in a FHIR export: which department a place is, which person a role is."""

from __future__ import annotations

from dataclasses import dataclass, field

from wardkeep.watch.hospital.fhir.shapes import Concept, Location, Organization, Person, PractitionerRole, Reference
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
    """References resolved: to departments and to people. Unknown ones resolve to their own id."""

    organizations: dict[str, Organization] = field(default_factory=dict)
    locations: dict[str, Location] = field(default_factory=dict)
    #: PractitionerRole id -> it.
    roles: dict[str, PractitionerRole] = field(default_factory=dict)
    #: Practitioner id -> the first of their roles.
    role_of: dict[str, PractitionerRole] = field(default_factory=dict)
    #: Practitioner id -> the id of their own record as a patient.
    own_record: dict[str, str] = field(default_factory=dict)
    #: What `department` found, by reference; filled once everything is taken.
    _departments: dict[str, str] = field(default_factory=dict)

    def take(self, resource: Organization | Location | PractitionerRole | Person) -> None:
        """Remember something that others refer to."""
        if isinstance(resource, Organization):
            self.organizations[resource.id] = resource
        elif isinstance(resource, Location):
            self.locations[resource.id] = resource
        elif isinstance(resource, Person):
            patients = [p for p in (id_in(link.target, "Patient") for link in resource.link) if p]
            for link in resource.link if patients else ():
                self.own_record.setdefault(id_in(link.target, "Practitioner"), patients[0])
        else:
            self.roles[resource.id] = resource
            if person := id_in(resource.practitioner, "Practitioner"):
                self.role_of.setdefault(person, resource)

    def department(self, reference: Reference) -> str:
        """The department that a place is or lies in; '' where the reference is to no place."""
        known = self._departments.get(reference.reference)
        if known is None:
            known = self._departments[reference.reference] = self._department(reference)
        return known

    def _department(self, reference: Reference) -> str:
        if organization := id_in(reference, "Organization"):
            return organization
        if not (at := id_in(reference, "Location")):
            return ""
        for _ in range(_DEEP):
            place = self.locations.get(at)
            if place is None:
                break
            if self._is_department(manager := id_in(place.managing_organization, "Organization")):
                return manager
            above = id_in(place.part_of, "Location")
            if not above or not codes((place.physical_type,)) & _INSIDE:
                break
            at = above
        return self.named(at)

    def named(self, location: str) -> str:
        """The department name of a location that is one: its id, or `Location/<id>` where an organisation has that id."""
        return f"Location/{location}" if location in self.organizations else location

    def person(self, reference: Reference) -> str:
        """The practitioner behind a reference to them or to a role of theirs, else ''."""
        if person := id_in(reference, "Practitioner"):
            return person
        role = self.roles.get(id_in(reference, "PractitionerRole"))
        return id_in(role.practitioner, "Practitioner") if role else ""

    def works_in(self, reference: Reference) -> str:
        """The department of a place, or of the person or role referred to."""
        if department := self.department(reference):
            return department
        role = self.roles.get(id_in(reference, "PractitionerRole")) or self.role_of.get(
            id_in(reference, "Practitioner")
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


def id_in(reference: Reference, type: str) -> str:
    """The id in `Patient/12`, `https://ehr/fhir/Patient/12` or `Patient/12/_history/3`; '' for another type."""
    parts = reference.reference.split("/")
    if len(parts) == 2:
        return parts[1] if parts[0] == type else ""
    for n in range(len(parts) - 1, 0, -1):
        if parts[n - 1] == type:
            return parts[n]
    return ""


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
