# SPDX-License-Identifier: Apache-2.0
"""The names of a finding's numbers and of a score's terms. A name that is not here shows itself without its underscores."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wardkeep.web.say.codes import Names

MEASURES: Names = {
    "accesses": _("accesses"),
    "patients": _("patients"),
    "days": _("days"),
    "accounts": _("accounts"),
    "departments": _("departments"),
    "records": _("records"),
    "batch_10min": _("patients in ten minutes"),
}
TERMS: Names = {
    "no_reason": _("no documented reason"),
    "household": _("same household"),
    "records": _("number of records"),
    "prior_misses": _("earlier cases that were no misuse"),
}
