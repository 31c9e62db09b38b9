# SPDX-License-Identifier: Apache-2.0
"""Sealed record packages in words: sides, kinds of signature, grounds of an opening."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardkeep.web.say.codes import Names, name_of

SIDES: Names = {"institution": _("hospital"), "family": _("patient or kin"), "notary": _("notary")}
HOWS: Names = {"key": _("with a key"), "hand": _("by hand, picture kept")}
GROUNDS: Names = {
    "settled": _("dispute settled"),
    "three_years": _("three years without a demand"),
    "copy": _("copies asked for"),
    "appraisal": _("appraisal"),
    "mediation": _("mediation"),
    "lawsuit": _("lawsuit"),
}


def signed_by(side: str | None, how: str | None) -> str:
    """One signature: whose, and how it was given."""
    return gettext("%(side)s: %(how)s") % {"side": name_of(SIDES, side), "how": name_of(HOWS, how)}


def sides(codes: Iterable[str]) -> str:
    """Who was there, or did not sign: the hospital first."""
    asked = set(codes)
    return " · ".join(name_of(SIDES, code) for code in SIDES if code in asked)
