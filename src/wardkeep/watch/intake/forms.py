# SPDX-License-Identifier: Apache-2.0
"""Every format that has a module of its own, in the order in which a file is asked whether it is one."""

from __future__ import annotations

from wardkeep.watch.intake.form import Form

FORMS: tuple[Form, ...] = (
    Form("hl7", "wardkeep.watch.intake.hl7"),
    Form("syslog", "wardkeep.watch.intake.syslog.reader"),
    Form("atna", "wardkeep.watch.intake.atna.reader"),
)


def form_named(name: str) -> Form | None:
    return next((form for form in FORMS if form.name == name), None)


def form_of(name: str, head: bytes, *, mapped: bool) -> Form | None:
    """The form of a file; with a mapping only those that take one."""
    return next((form for form in FORMS if form.mapped >= mapped and form.load().recognises(name, head)), None)
