# SPDX-License-Identifier: Apache-2.0
"""The classes of OCSF 1.x that are touches, and what their activities mean here. Any other class is kept as no access.

Source: the OCSF schema, classes 1001, 3001, 3002, 6003, 6005 and 6006 (activity_id, status_id, disposition_id).
"""

from __future__ import annotations

from typing import Final

ACCOUNT_CHANGE, AUTHENTICATION, API, DATASTORE, HOSTING, FILE = 3001, 3002, 6003, 6005, 6006, 1001
#: An activity that is no access.
OTHER: Final = "other"

#: class -> activity -> action. What a class does not name is `UNNAMED`.
ACTIVITIES: dict[int, dict[int, str]] = {
    AUTHENTICATION: {1: "login", 2: "logout", 3: "login", 4: OTHER, 5: OTHER, 6: "login", 7: "login"},
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

#: Outcomes by status_id.
STATUSES: dict[int, str] = {1: "success", 2: "failure"}
#: disposition_id: blocked, quarantined, isolated, dropped, access revoked, rejected, unauthorized.
REFUSED = frozenset({2, 3, 4, 6, 21, 25, 26})
#: action_id: denied.
DENIED: Final = 2

#: Names of fields that hold patients, as they stand without what is no letter; and types of resources that are one.
PATIENT_FIELDS = frozenset(
    {
        "patient", "patients", "patientid", "patientids", "patientidentifier", "patientnumber", "patientno", "patientmrn",
        "patientuid", "patientkey", "patid", "patids", "patno", "patnum", "patnumber", "patcode", "patmrn", "mrn", "empi",
        "empiid", "患者", "患者id", "患者编号", "患者号", "病人", "病人id", "病人号", "病人编号", "病历号", "病案号", "住院号",
        "门诊号", "登记号",
    }
)  # fmt: skip
PATIENT_TYPES = frozenset({"patient", "patients", "patientrecord", "patientchart", "fhirpatient", "患者", "病人"})
#: Where a patient is an object, these of its fields name it, the first that is there.
PATIENT_IDS = (
    "reference", "id", "uid", "identifier", "mrn", "value", "number", "patient_id", "patientId", "patientID", "name",
)  # fmt: skip
