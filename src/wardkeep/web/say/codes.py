# SPDX-License-Identifier: Apache-2.0
"""The names of codes: reasons, detections, actions, tables, roles of staff. A code without a name shows itself."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Names = Mapping[str, str | Promise]

REASONS: Names = {
    "appointment": _("own appointment"),
    "attending": _("attending of the encounter"),
    "care_team": _("member of the care team"),
    "order_placed": _("order placed"),
    "result": _("result of an own order"),
    "work_item": _("work item"),
    "encounter": _("patient of the department"),
    "ward": _("patient on the ward"),
    "transfer": _("transfer to or from the ward"),
    "clinic": _("appointment with the department"),
    "consult": _("consult asked of the department"),
    "order_performed": _("order that the department performs"),
    "completion": _("completing the record"),
    "front_desk": _("front desk"),
    "cover": _("cover on a shift"),
    "consent": _("consent of the patient"),
    "research": _("research ticket with consent"),
    "ticket": _("ticket"),
    "service": _("usual run of a service account"),
    "assigned_case": _("case in hand"),
    "audit_mandate": _("audit mandate"),
    "mistake": _("wrong record, closed at once"),
    "charted": _("wrote in the record that day"),
    "presence": _("worked there that day"),
    "follow_up": _("former patient of the department"),
    "learned": _("departments that often share care"),
}

DETECTIONS: Names = {
    "no_reason": _("no documented reason"),
    "unusual_pair": _("unusual pair of departments"),
    "household": _("same household"),
    "surname": _("same rare surname"),
    "coworker": _("colleague"),
    "manager": _("manager or managed"),
    "self_access": _("own record"),
    "vip": _("person of public interest"),
    "sensitive": _("sensitive record"),
    "crowd": _("crowd on one record"),
    "neighbour": _("neighbour"),
    "deceased": _("deceased patient"),
    "not_under_care": _("patient not under care"),
    "batch": _("many records in a short time"),
    "bulk_export": _("bulk export"),
    "low_and_slow": _("few a day, for many days"),
    "statistics": _("statistics query"),
    "impossible_travel": _("two sites at once"),
    "overlap": _("two workstations at once"),
    "leaver": _("account after leaving"),
    "dormant": _("dormant account"),
    "vendor": _("vendor outside a window"),
    "service_misuse": _("service account used otherwise"),
    "breakglass": _("emergency override"),
    "off_roster": _("outside own shifts"),
    "enumeration": _("search in sequence"),
    "late_edit": _("record changed late"),
    "direct_edit": _("database changed directly"),
    "honey": _("decoy record"),
    # Comes only with decided cases; before, the lists say what follows.
    "random": _("drawn by lot"),
    "account_day": _("accesses of one day"),
}

ACTIONS: Names = {
    "login": _("signed in"),
    "logout": _("signed out"),
    "search": _("searched"),
    "read": _("read"),
    "create": _("created"),
    "update": _("changed"),
    "delete": _("deleted"),
    "print": _("printed"),
    "export": _("exported"),
    "query": _("queried"),
}

TABLES: Names = {
    "departments": _("departments"),
    "staff": _("staff"),
    "staff_history": _("staff history"),
    "accounts": _("accounts"),
    "shifts": _("shifts"),
    "patients": _("patients"),
    "encounters": _("encounters"),
    "appointments": _("appointments"),
    "orders": _("orders"),
    "transfers": _("transfers"),
    "care_team": _("care team"),
    "work_items": _("work items"),
    "consents": _("consents"),
    "tickets": _("tickets"),
    "assignments": _("cases in hand"),
    "mandates": _("audit mandates"),
    "events": _("events"),
}

STAFF_ROLES: Names = {
    "physician": _("physician"),
    "nurse": _("nurse"),
    "therapist": _("therapist"),
    "technician": _("technician"),
    "pharmacist": _("pharmacist"),
    "registrar": _("registrar"),
    "coder": _("coder"),
    "biller": _("biller"),
    "researcher": _("researcher"),
    "it": _("IT staff"),
    "device_engineer": _("device engineer"),
    "administrator": _("administrator"),
    "student": _("student"),
    "vendor": _("vendor"),
}

ACCOUNT_KINDS: Names = {
    "person": _("personal account"),
    "service": _("service account"),
    "shared": _("shared account"),
}

#: Kinds of orders, encounters and work items, as the hospital's tables have them.
KINDS: Names = {
    "laboratory": _("laboratory"),
    "imaging": _("imaging"),
    "medication": _("medication"),
    "procedure": _("procedure"),
    "consult": _("consult"),
    "outpatient": _("outpatient visit"),
    "inpatient": _("inpatient stay"),
    "emergency": _("emergency visit"),
    "telehealth": _("telehealth visit"),
    "coding": _("coding"),
    "billing": _("billing"),
    "quality": _("quality control"),
    "result": _("result"),
    "records": _("records"),
    "registration": _("registration"),
    "bed_management": _("bed management"),
    "copy_request": _("request for copies"),
    "complaint": _("complaint"),
    "infection_control": _("infection control"),
    "audit": _("audit"),
    "verification": _("verification"),
    "maintenance": _("maintenance"),
    "statistics": _("statistics"),
    "research": _("research"),
    "export": _("export"),
}

#: What of Wardkeep itself was opened, as its own events name it.
OWN_PAGES: Names = {
    "wardkeep:case": _("case page"),
    "wardkeep:access": _("access page"),
    "wardkeep:patient": _("patient page"),
    "wardkeep:account": _("account page"),
    "wardkeep:reveal": _("patient's name"),
    "wardkeep:search": _("search box"),
}

EVENT_OUTCOMES: Names = {"success": _("succeeded"), "denied": _("denied"), "failure": _("failed")}

HAPPENINGS: Names = {
    "settled": _("Opened for reading: the settling time has passed"),
    "assigned": _("Assigned"),
    "noted": _("Note"),
    "decided": _("Decided"),
    "reopened": _("Reopened"),
    "explained": _("A run found no finding left"),
    "unexplained": _("A run found findings again"),
    "changed": _("A run found other findings than before"),
}

#: Acts that rows and commands make, as their entries in the ledger name them.
ACTS: Names = {
    "account:contact:set": _("Notice address set"),
    "account:language:chosen": _("Language chosen"),
    "account:link:made": _("One-use link made"),
    "account:link:used": _("One-use link used"),
    "account:mandate:given": _("Audit mandate given"),
    "account:password:changed": _("Password changed"),
    "account:recovery_codes:renewed": _("Recovery codes renewed"),
    "account:role:granted": _("Role granted"),
    "account:second_factor:enrolled": _("Second factor enrolled"),
    "account:user:created": _("Account made"),
    "account:user:disabled": _("Account disabled"),
    "account:user:enabled": _("Account enabled"),
    "alert:live:dismissed": _("Live alert dismissed"),
    "alert:live:raised": _("Live alerts raised"),
    "alert:live:seen": _("Live alert looked into"),
    "case:assignee:set": _("Case assigned"),
    "case:note:added": _("Note added to a case"),
    "case:outcome:set": _("Case decided"),
    "case:state:reopened": _("Case reopened"),
    "case:state:settled": _("Cases opened for reading"),
    "database:incarnation:begun": _("Database begun"),
    "database:rows:restored": _("Rows restored from a backup"),
    "evidence:bundle:made": _("Evidence bundle made"),
    "integrity:records:checked": _("Signed records compared with their source"),
    "integrity:records:explained": _("Signed record that differs explained"),
    "integrity:records:reopened": _("Signed record that differs opened again"),
    "integrity:records:not_evaluated": _("Source of signed records could not be read"),
    "intake:mapping:confirmed": _("Mapping confirmed"),
    "intake:mapping:taken_back": _("Mapping taken back"),
    "intake:quarantine:dismissed": _("Pieces of quarantine dismissed"),
    "intake:quarantine:reopened": _("Pieces of quarantine opened again"),
    "intake:quarantine:replayed": _("Pieces of quarantine read again"),
    "judgement:run:stored": _("Run stored"),
    "package:dispute:demanded": _("Settlement demanded again by the patient's side"),
    "package:list:sealed": _("Records sealed in a package"),
    "package:list:signed": _("List of sealed records signed"),
    "package:list:supplemented": _("Further records sealed in a package"),
    "package:records:opened": _("Sealed records opened"),
    "notice:message:dropped": _("Notice given up"),
    "notice:message:made": _("Notice made"),
    "notice:message:sent": _("Notice sent"),
    "keys:root:recovered": _("Root key recovered from shares"),
    "keys:shares:made": _("Recovery shares made"),
    "touch:access:opened": _("Page of an access opened"),
    "touch:account:opened": _("Page of an account opened"),
    "touch:case:opened": _("Page of a case opened"),
    "touch:patient:opened": _("Page of a patient opened"),
    "touch:reveal:opened": _("Patient's name shown"),
    "touch:search:opened": _("Search made"),
}

#: How a signed record differs from what was sealed, and where that stands.
PROBLEMS: Names = {
    "changed": _("changed"),
    "reverted": _("set back to an earlier version"),
    "missing": _("missing"),
    "back_dated": _("put in behind, with an earlier time"),
    "unmarked": _("amended without saying so"),
    "withdrawn": _("withdrawn"),
    "unsigned": _("not signed any more"),
}
STANDINGS: Names = {"open": _("open"), "explained": _("explained"), "mended": _("as sealed again")}

#: Why a piece of input was set aside: the stable word of its reason.
SET_ASIDE: Names = {
    "bad-encoding": _("bytes that are not in the encoding"),
    "bad-header": _("a needed column is not in the header"),
    "bad-number": _("a number that is none"),
    "bad-time": _("a time that cannot be read"),
    "bad-zip": _("the archive of a sheet is damaged"),
    "cells": _("too many or too few columns"),
    "charset": _("a character set that cannot be read"),
    "conflict": _("contradicts an event that is stored"),
    "count": _("a count behind which no message begins"),
    "cut": _("a message that ends before its count"),
    "delimiters": _("a header whose delimiters cannot be read"),
    "document-type": _("a document type, which is refused unread"),
    "empty": _("nothing in the file"),
    "encrypted": _("a sheet with a password"),
    "gzip-bomb": _("expands beyond belief"),
    "gzip-cut": _("the compressed file ends early"),
    "gzip-damaged": _("the compressed file is damaged"),
    "gzip-tail": _("other bytes behind the compressed file"),
    "hostile": _("takes more memory or time than any event log needs"),
    "interval": _("an end before the begin"),
    "missing-package": _("the reader's package is not installed"),
    "no-action": _("no action"),
    "no-chunk": _("no chunk of an event log where one is due"),
    "no-count": _("no count of a message where one is due"),
    "no-header": _("no header of a message"),
    "no-mapping": _("needs a mapping"),
    "no-record": _("a line that is no record of its form"),
    "no-resource": _("an entry without a resource"),
    "no-sheet": _("no sheet in the file"),
    "no-text": _("a cell that names a text that is not there"),
    "no-time": _("before the first time of the log"),
    "no-type": _("a message without its type"),
    "not-a-file": _("a folder where a file was named"),
    "not-audit": _("no audit record"),
    "not-json": _("no complete JSON"),
    "not-ocsf": _("no event of OCSF"),
    "not-xml": _("no complete XML"),
    "nul-byte": _("a zero byte in a text"),
    "other-language": _("a log in another language than its program's own"),
    "outside": _("bytes that are no message"),
    "quoted-message": _("a message quoted in a text"),
    "quotes": _("quotes that do not come out"),
    "reader-failed": _("a reader stumbled over it"),
    "record-alone": _("a record without its chunk"),
    "reserved-system": _("calls itself Wardkeep, and is not"),
    "spool-damaged": _("the raw spool is damaged here"),
    "spool-missing": _("messages that are gone from the raw spool"),
    "too-deep": _("nested too deeply"),
    "too-long": _("too long"),
    "too-much": _("too much unfinished at once"),
    "too-slow": _("not whole in time"),
    "truncated": _("only its begin was kept"),
    "unended": _("a frame without an end"),
    "unfinished": _("a last line without an end"),
    "unknown-format": _("no reader takes this format"),
    "unmapped-action": _("an action that the mapping does not name"),
    "unmapped-breakglass": _("an override that the mapping does not name"),
    "unmapped-outcome": _("an outcome that the mapping does not name"),
    "unreadable": _("the file could not be read"),
    "within-statement": _("a line within a statement that may be forged"),
    "zip-bomb": _("a sheet that expands beyond belief"),
}

#: Why a person closes a piece without reading it.
CLOSED_WHY: Names = {
    "mended": _("a later export brought it"),
    "no_record": _("no record: a heading, a total, a torn line"),
    "not_ours": _("not of this hospital"),
    "test_data": _("test data"),
}

WEEKDAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))

COVERS: Names = {"covered": _("covered"), "silent": _("silent"), "never": _("never connected")}

#: What is looked for while it happens.
LIVE_DETECTIONS: Names = {
    "honey": _("decoy record"),
    "self_access": _("own record"),
    "batch": _("many records in a short time"),
    "leaver": _("account of someone who left"),
    "shared_credential": _("shared credential"),
    "impossible_travel": _("two sites at once"),
    "brute_force": _("password guessing"),
    "password_spraying": _("password spraying"),
    "new_workstation": _("new place of a privileged account"),
    "outside_ticket": _("maintenance outside a ticket"),
    "plaintext_transfer": _("unencrypted transfer"),
    "remote_tool": _("remote-control program"),
}

#: Why one of them looks at nothing: what was not handed over.
LIVE_LACKS: Names = {
    "no_decoys": _("no decoy is marked among the patients"),
    "no_own_numbers": _("no staff member has a patient number in the staff table"),
    "no_ends": _("no account and no staff member has a first or last day: there is no leavers' list"),
    "no_people": _("no person's account was handed over"),
    "no_privileged": _("the settings name no privileged account that was handed over"),
    "no_vendors": _("no holder of an account has the role of a vendor"),
    "no_protocols": _("the settings name no unencrypted protocol"),
    "no_tools": _("the settings name no remote-control program"),
}

#: What no system has sent yet where one of them has everything else.
LIVE_EVENTS: Names = {
    "honey": _("no system has sent an event that names a patient"),
    "self_access": _("no system has sent an event that names a patient"),
    "batch": _("no system has sent an event that names a patient"),
    "leaver": _("no system has sent a use of an account that was handed over"),
    "shared_credential": _("no system has sent a use of a person's account that names a workstation"),
    "impossible_travel": _("no system has sent a use of a person's account that names a site"),
    "brute_force": _("no system has sent a sign-in that failed"),
    "password_spraying": _("no system has sent a sign-in that failed and names an address"),
    "new_workstation": _("no system has sent a use of a privileged account that names a place"),
    "outside_ticket": _("no system has sent a use of a vendor's account"),
    "plaintext_transfer": _("no system has sent an event that names a protocol or port"),
    "remote_tool": _("no system has sent an event that names a program"),
}

#: Logs that should be there and are not.
SILENCES: Names = {
    "stopped": _("sends no more"),
    "paused": _("paused"),
    "changed": _("has changed"),
    "skipped": _("skips numbers"),
    "unread": _("cannot be read"),
}

#: The two lists of scenes.
SCENES: Names = {
    "G_ONLINE": _("online medical data"),
    "G_ALLIANCE": _("access within the medical alliance"),
    "G_RESEARCH": _("clinical research data"),
    "G_INSURANCE": _("exchange with health insurance"),
    "G_DEVICE": _("remote maintenance of devices"),
    "G_CENTRE": _("data of the big-data centre"),
    "G_WEARABLE": _("wearable data"),
    "G_APP": _("health app data"),
    "S_DOCTOR": _("11.1 access by doctors"),
    "S_PATIENT": _("11.2 query by patients"),
    "S_RESEARCH": _("11.3 clinical research"),
    "S_SECONDARY": _("11.4 secondary use"),
    "S_SENSING": _("11.5 health sensing"),
    "S_MOBILE": _("11.6 mobile application"),
    "S_INSURANCE": _("11.7 link to commercial insurance"),
    "S_DEVICE": _("11.8 medical device"),
}

#: How much of what looks at a scene could look.
SCENE_STATES: Names = {
    "all": _("all evaluated"),
    "partly": _("partly evaluated"),
    "none": _("not evaluated"),
    "nothing": _("nothing looks here"),
}

THREATS: Names = {
    "LOGIN": _("illegal login"),
    "UNAUTHORISED": _("unauthorised access"),
    "ABNORMAL": _("abnormal access"),
    "IMPERSONATED": _("impersonated query"),
    "BATCH": _("batch theft"),
    "PLAINTEXT": _("plaintext leak"),
    "TAMPERING": _("tampering"),
    "LINK": _("insecure link"),
    "MAINTENANCE": _("unkept maintenance records"),
    "CLASSIFICATION": _("missing classification"),
}

#: What says that it was somebody, and what speaks against it.
EVIDENCE: Names = {
    "session": _("signed in there at that time"),
    "badge": _("badge at the department's door"),
    "site": _("badge on the site"),
    "shift": _("had a shift"),
    "elsewhere": _("against: badge on another site"),
    "off_duty": _("against: others had the shift"),
    "two_places": _("against: signed in elsewhere too"),
    "unseen": _("against: no badge and no shift then"),
}

TRIGGERS: Names = {"command": _("on command"), "nightly": _("nightly"), "demo": _("demo")}


def name_of(names: Names, code: str | None) -> str:
    """The name of a code in the language in force; the code itself where it has none, and a dash where there is no code."""
    if not code:
        return "–"
    return str(names.get(code, code))
