# SPDX-License-Identifier: Apache-2.0
"""The classes of OCSF 1.x that are touches, and what their activities mean here. Any other class is kept as no access.

Source: the OCSF schema, classes 1001, 3001, 3002, 6003, 6005 and 6006 (activity_id, status_id, disposition_id).
"""

from __future__ import annotations

import re
from typing import Final

ACCOUNT_CHANGE, AUTHENTICATION, API, DATASTORE, HOSTING, FILE = 3001, 3002, 6003, 6005, 6006, 1001
#: An activity that is no access.
OTHER: Final = "other"

#: class -> activity -> action. What a class does not name is `UNNAMED`.
ACTIVITIES: dict[int, dict[int, str]] = {
    AUTHENTICATION: {1: "login", 2: "logout", 3: "login", 4: OTHER, 5: OTHER, 6: OTHER, 7: "login"},
    ACCOUNT_CHANGE: {
        1: "create", 2: "update", 3: "update", 4: "update", 5: "update", 6: "delete", 7: "update", 8: "update",
        9: "update", 10: "update", 11: "update", 12: "update",
    },
    API: {1: "create", 2: "read", 3: "update", 4: "delete"},
    DATASTORE: {
        1: "read", 2: "update", 3: "login", 4: "query", 5: "update", 6: "create", 7: "delete", 8: "search", 9: "update",
        10: "read",
    },
    # Mounting is no touch of a file; security and attributes are read and set.
    FILE: {
        1: "create", 2: "read", 3: "update", 4: "delete", 5: "update", 6: "update", 7: "update", 8: "read", 9: "read",
        10: "update", 11: "read", 12: OTHER, 13: OTHER, 14: "read",
    },
    # What is downloaded, shared or kept in step with a computer leaves.
    HOSTING: {
        1: "create", 2: "export", 3: "update", 4: "delete", 5: "update", 6: "create", 7: "update", 8: "create", 9: "read",
        10: "update", 11: "update", 12: "export", 13: "update", 14: "read", 15: "export", 16: "update",
    },
}  # fmt: skip
UNNAMED: dict[int, str] = {
    AUTHENTICATION: OTHER, ACCOUNT_CHANGE: "update", API: "query", DATASTORE: "query", FILE: OTHER, HOSTING: "query",
}  # fmt: skip

#: What the name of an operation says where the activity does not, or says only that something was read.
VERBS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?:{words})(?![a-z])", re.ASCII), action)
    for words, action in (
        ("export|Export|EXPORT|download|Download", "export"),
        ("print|Print|PRINT", "print"),
        ("search|Search|SEARCH|find|Find|query|Query", "search"),
        ("GET|HEAD|get|Get|list|List|describe|Describe|read|Read|view|View|open|Open|select|Select", "read"),
        ("POST|post|Post|create|Create|add|Add|insert|Insert|upload|Upload", "create"),
        ("PUT|PATCH|put|Put|update|Update|patch|Patch|modify|Modify|set|Set|edit|Edit", "update"),
        ("DELETE|delete|Delete|remove|Remove|destroy|Destroy", "delete"),
    )
)
SPECIAL_READS = frozenset({"export", "print", "search"})

#: Outcomes by status_id; by the words of `status` where that says nothing.
STATUSES: dict[int, str] = {1: "success", 2: "failure"}
WORDS: dict[str, str] = {
    "success": "success", "succeeded": "success", "allowed": "success", "ok": "success", "failure": "failure",
    "failed": "failure", "error": "failure", "denied": "denied", "blocked": "denied", "forbidden": "denied",
    "unauthorized": "denied",
}  # fmt: skip
#: disposition_id: blocked, quarantined, isolated, dropped, access revoked, rejected, unauthorized.
REFUSED = frozenset({2, 3, 4, 6, 21, 25, 26})
#: action_id: denied.
DENIED: Final = 2
#: Words of an error that say that it was not allowed.
NOT_ALLOWED = re.compile(r"denied|forbidden|unauthori[sz]ed|not[ _-]?(?:allowed|authori[sz]ed)|^40[13]$", re.IGNORECASE)

#: Names of fields that hold patients, as they stand without what is no letter; and types of resources that are one.
PATIENT_FIELDS = frozenset(
    {
        "patient", "patients", "patientid", "patientids", "patientidentifier", "patientnumber", "patientno", "patientmrn",
        "patientuid", "mrn", "empi", "患者", "患者id", "患者编号", "病人", "病人id", "病历号", "住院号",
    }
)  # fmt: skip
PATIENT_TYPES = frozenset({"patient", "patients", "patientrecord", "patientchart", "fhirpatient", "患者", "病人"})
#: Where a patient is an object, these of its fields name it, the first that is there.
PATIENT_IDS = ("id", "uid", "identifier", "mrn", "value", "number", "patient_id", "patientId", "name")
