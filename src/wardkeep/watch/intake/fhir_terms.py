# SPDX-License-Identifier: Apache-2.0
"""Codes of audit events and what they mean here.

Sources: HL7 FHIR restful-interaction, audit-event-action, audit-event-outcome, object-role; DICOM PS3.16 context groups 400
(event id) and 401 (event type); ISO 21089 lifecycle events; HL7 v3 PurposeOfUse; IHE BALP 1.1 entity and agent types.
"""

from __future__ import annotations

from typing import Final

#: A record that is no access.
OTHER: Final = "other"
#: What the action letter alone decides.
BY_LETTER: Final = "letter"

#: The more special code (R4 subtype, R5 code) decides first.
SUBTYPES: dict[str, str] = {
    # restful-interaction
    "read": "read", "vread": "read", "history": "read", "history-instance": "read", "history-type": "read",
    "history-system": "read", "search": "search", "search-type": "search", "search-system": "search",
    "search-compartment": "search", "create": "create", "update": "update", "patch": "update", "delete": "delete",
    "capabilities": OTHER, "transaction": BY_LETTER, "batch": BY_LETTER, "operation": BY_LETTER,
    # DICOM CID 401
    "110120": OTHER, "110121": OTHER, "110122": "login", "110123": "logout", "110124": OTHER, "110125": OTHER,
    "110126": OTHER, "110127": OTHER, "110128": OTHER, "110129": OTHER, "110130": OTHER, "110131": OTHER, "110132": OTHER,
    "110133": OTHER, "110134": OTHER, "110135": OTHER, "110136": OTHER, "110137": OTHER, "110138": OTHER, "110139": OTHER,
    "110140": OTHER, "110141": OTHER, "110142": OTHER,
    # ISO 21089
    "access": BY_LETTER, "report": "print", "transmit": "export", "disclose": "export", "extract": "export",
    "receive": "create", "originate": "create", "amend": "update", "append": "update", "attest": "update",
    "verify": "update", "sign": "update", "transform": "update", "translate": "update", "merge": "update",
    "unmerge": "update", "link": "update", "unlink": "update", "hold": "update", "unhold": "update", "archive": "update",
    "restore": "update", "reactivate": "update", "deprecate": "update", "deidentify": "export", "pseudonymize": "export",
    "reidentify": "read", "decrypt": "read", "encrypt": "update", "destroy": "delete",
}  # fmt: skip
#: The event's own type (R4 type, R5 category), where the special code says nothing.
TYPES: dict[str, str] = {
    "110100": OTHER, "110101": OTHER, "110108": OTHER, "110113": OTHER, "110102": "export", "110103": BY_LETTER,
    "110104": "export", "110105": "delete", "110106": "export", "110107": "create", "110109": BY_LETTER,
    "110110": BY_LETTER, "110111": BY_LETTER, "110112": "search", "110114": "login", "rest": BY_LETTER, "object": BY_LETTER,
}  # fmt: skip
#: Instances received are new here; instances sent leave.
RECEIVED: Final = "110104"
LETTERS: dict[str, str] = {"C": "create", "R": "read", "U": "update", "D": "delete"}
EMERGENCY_OVERRIDE: Final = "110127"

OUTCOMES: dict[str, str] = {
    "0": "success", "success": "success", "information": "success", "informational": "success", "warning": "success",
    "4": "denied", "8": "failure", "12": "failure", "error": "failure", "fatal": "failure",
}  # fmt: skip

#: v3 PurposeOfUse, to the words of the consents; codes under them end in a parent's meaning.
PURPOSES: dict[str, str] = {
    "TREAT": "treatment", "ETREAT": "treatment", "CAREMGT": "treatment", "CLINTRCH": "research", "HRESCH": "research",
    "BIORCH": "research", "CLINTRCHNPC": "research", "CLINTRCHPC": "research", "PRECLINTRCH": "research",
    "DSRCH": "research", "POARCH": "research", "TRANSRCH": "research", "HPAYMT": "payment", "CLMATTCH": "payment",
    "COVAUTH": "payment", "COVERAGE": "payment", "ELIGDTRM": "payment", "ELIGVER": "payment", "ENROLLM": "payment",
    "MILDCRG": "payment", "REMITADV": "payment", "HOPERAT": "operations", "DONAT": "operations", "FRAUD": "operations",
    "GOV": "operations", "HACCRED": "operations", "HCOMPL": "operations", "HDECD": "operations", "HDIRECT": "operations",
    "HLEGAL": "legal", "HOUTCOMS": "operations", "HPRGRP": "operations", "HQUALIMP": "operations", "HSYSADMIN": "operations",
    "LABELING": "operations", "METAMGT": "operations", "MEMADMIN": "operations", "MILCDM": "operations",
    "PATADMIN": "operations", "PATSFTY": "operations", "PERFMSR": "operations", "RECORDMGT": "operations",
    "SYSDEV": "operations", "HMARKT": "operations", "TRAIN": "operations", "PUBHLTH": "public_health",
    "THREAT": "public_health", "DISASTER": "public_health", "PATRQT": "patient_request", "FAMRQT": "patient_request",
    "PWATRNY": "patient_request", "SUPNWK": "patient_request", "COC": "treatment",
}  # fmt: skip
#: Break the glass.
BREAKGLASS: Final = "BTG"

#: Agents by their type: the program that asked, the one that answered, both by direction of the data.
SOURCE_ROLE, DESTINATION_ROLE, APPLICATION = "110153", "110152", "110150"
SERVERS = frozenset({"custodian", "110151"})
CLIENTS = frozenset({APPLICATION})
#: Agent types that are persons.
PERSONS = frozenset(
    {"humanuser", "IRCP", "AUT", "INF", "CST", "ENT", "UserOauthAgent", "UserSamlAgent", "UserAgent", "PATSUBJ"}
)

#: Entities.
PATIENT_ROLE, QUERY_ROLE, REQUEST_ID = "1", "24", "XrequestId"
