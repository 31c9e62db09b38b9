# SPDX-License-Identifier: Apache-2.0
"""Roles, acts, and the table of who may do what. Pure: it knows accounts only by the few attributes that it names.

Three administrators are separate. The system administrator makes and disables accounts and keeps the machine; the
security administrator gives roles; the audit administrator reads what the other two did. None reads a patient's data,
none can give himself a right, and an account has one role.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What an account is for. One account has one role."""

    SYSTEM_ADMINISTRATOR = "system_administrator"
    SECURITY_ADMINISTRATOR = "security_administrator"
    AUDIT_ADMINISTRATOR = "audit_administrator"
    SECURITY_DIRECTOR = "security_director"
    SECURITY_SPECIALIST = "security_specialist"
    DATA_ADMINISTRATOR = "data_administrator"
    MEDICAL_STAFF = "medical_staff"
    DEVICE_ADMINISTRATOR = "device_administrator"
    PRIVACY_OFFICER = "privacy_officer"
    DEPARTMENT_HEAD = "department_head"
    RESEARCHER = "researcher"
    COMMITTEE_MEMBER = "committee_member"
    AUDITOR = "auditor"
    VENDOR_ENGINEER = "vendor_engineer"
    PATIENT = "patient"


ADMINISTRATORS = frozenset({Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR})


class Act(StrEnum):
    """What can be asked of the seam `permission`. Named object.verb."""

    TODAY_READ = "today.read"
    CASE_LIST = "case.list"
    CASE_READ = "case.read"
    CASE_ASSIGN = "case.assign"
    CASE_DECIDE = "case.decide"
    CASE_NOTE = "case.note"
    CASE_REOPEN = "case.reopen"
    ALERT_READ = "alert.read"
    ALERT_DECIDE = "alert.decide"
    RECORD_READ = "record.read"
    RECORD_EXPLAIN = "record.explain"
    ACCESS_READ = "access.read"
    PATIENT_READ = "patient.read"
    PATIENT_REVEAL = "patient.reveal"
    ACCOUNT_READ = "account.read"
    PRECISION_READ = "precision.read"
    INTAKE_READ = "intake.read"
    INTAKE_MEND = "intake.mend"
    MAPPING_CONFIRM = "mapping.confirm"
    COVERAGE_READ = "coverage.read"
    RUN_READ = "run.read"
    LEDGER_READ = "ledger.read"
    ACT_READ = "act.read"
    USER_LIST = "user.list"
    USER_CREATE = "user.create"
    USER_DISABLE = "user.disable"
    USER_LINK = "user.link"
    USER_GRANT = "user.grant"
    MANDATE_GIVE = "mandate.give"
    SETTINGS_READ = "settings.read"
    SELF_WRITE = "self.write"


_R = Role
_REVIEW = frozenset({_R.SECURITY_DIRECTOR, _R.SECURITY_SPECIALIST, _R.PRIVACY_OFFICER})
_STAFF = frozenset(Role) - {_R.PATIENT, _R.VENDOR_ENGINEER}

#: act -> the roles that may do it at all; `permission` then looks at the object.
TABLE: dict[Act, frozenset[Role]] = {
    Act.TODAY_READ: _STAFF,
    Act.CASE_LIST: _REVIEW | {_R.DEPARTMENT_HEAD, _R.AUDITOR},
    Act.CASE_READ: _REVIEW | {_R.DEPARTMENT_HEAD},
    Act.CASE_ASSIGN: frozenset({_R.SECURITY_DIRECTOR, _R.PRIVACY_OFFICER}),
    Act.CASE_DECIDE: _REVIEW,
    Act.CASE_NOTE: _REVIEW | {_R.DEPARTMENT_HEAD},
    Act.CASE_REOPEN: _REVIEW,
    Act.ALERT_READ: _REVIEW,
    Act.ALERT_DECIDE: _REVIEW,
    Act.RECORD_READ: _REVIEW,
    Act.RECORD_EXPLAIN: _REVIEW,
    Act.ACCESS_READ: _REVIEW,
    Act.PATIENT_READ: _REVIEW,
    Act.PATIENT_REVEAL: _REVIEW,
    Act.ACCOUNT_READ: _REVIEW,
    Act.PRECISION_READ: _REVIEW | {_R.AUDITOR, _R.COMMITTEE_MEMBER},
    Act.INTAKE_READ: _REVIEW | {_R.DATA_ADMINISTRATOR, _R.SYSTEM_ADMINISTRATOR, _R.AUDITOR},
    Act.INTAKE_MEND: frozenset({_R.DATA_ADMINISTRATOR, _R.SECURITY_SPECIALIST, _R.SECURITY_DIRECTOR}),
    Act.MAPPING_CONFIRM: frozenset({_R.DATA_ADMINISTRATOR, _R.SECURITY_DIRECTOR}),
    Act.COVERAGE_READ: _REVIEW | {_R.DATA_ADMINISTRATOR, _R.AUDITOR, _R.COMMITTEE_MEMBER, _R.AUDIT_ADMINISTRATOR},
    Act.RUN_READ: _REVIEW | {_R.AUDITOR, _R.AUDIT_ADMINISTRATOR},
    Act.LEDGER_READ: _REVIEW | {_R.AUDITOR, _R.AUDIT_ADMINISTRATOR},
    Act.ACT_READ: frozenset({_R.AUDITOR, _R.AUDIT_ADMINISTRATOR, _R.SECURITY_DIRECTOR}),
    Act.USER_LIST: ADMINISTRATORS,
    Act.USER_CREATE: frozenset({_R.SYSTEM_ADMINISTRATOR}),
    Act.USER_DISABLE: frozenset({_R.SYSTEM_ADMINISTRATOR}),
    Act.USER_LINK: frozenset({_R.SYSTEM_ADMINISTRATOR}),
    Act.USER_GRANT: frozenset({_R.SECURITY_ADMINISTRATOR}),
    Act.MANDATE_GIVE: frozenset({_R.SECURITY_DIRECTOR}),
    Act.SETTINGS_READ: ADMINISTRATORS | {_R.SECURITY_DIRECTOR},
    Act.SELF_WRITE: frozenset(Role),
}
