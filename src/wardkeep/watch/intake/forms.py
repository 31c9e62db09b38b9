# SPDX-License-Identifier: Apache-2.0
"""Every format that has a module of its own, in the order in which a file is asked whether it is one."""

from __future__ import annotations

from wardkeep.watch.intake.form import Form

FORMS: tuple[Form, ...] = (
    Form("hl7", "wardkeep.watch.intake.hl7"),
    Form("mariadb-audit", "wardkeep.watch.intake.database.mariadb"),
    Form("mysql-general", "wardkeep.watch.intake.database.general", alone=True),
    Form("mysql-json", "wardkeep.watch.intake.database.mysql_json"),
    Form("mysql-xml", "wardkeep.watch.intake.database.mysql_xml"),
    Form("postgres-csv", "wardkeep.watch.intake.database.postgres_csv"),
    Form("postgres-json", "wardkeep.watch.intake.database.postgres_json"),
    Form("postgres-log", "wardkeep.watch.intake.database.postgres_text"),
    Form("evtx", "wardkeep.watch.intake.windows.evtx"),
    Form("xlsx", "wardkeep.watch.intake.sheets.xlsx", mapped=True, alone=True),
    Form("syslog", "wardkeep.watch.intake.syslog.reader"),
    Form("atna", "wardkeep.watch.intake.atna.reader"),
    Form("ocsf", "wardkeep.watch.intake.ocsf.reader"),
)


def form_named(name: str) -> Form | None:
    return next((form for form in FORMS if form.name == name), None)


def form_of(name: str, head: bytes, *, mapped: bool) -> Form | None:
    """The form of a file; with a mapping only those that take one."""
    return next((form for form in FORMS if form.mapped >= mapped and form.load().recognises(name, head)), None)
