# SPDX-License-Identifier: Apache-2.0
"""What a live alert saw, as a sentence in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from wardkeep.govern.alerts.models import LiveAlert
from wardkeep.watch.live import LiveDetection as L
from wardkeep.web.say.lasting import lasting


def seen(alert: LiveAlert, names: Mapping[str, str] | None = None) -> str:
    """What was seen, with the limit that it reached. A person decides what it means. `names`: of staff, by number."""
    values = {
        **{"batch_patients": 0, "batch_minutes": 0, "failed_logins": 0, "failed_minutes": 0, "spray_accounts": 0},
        **{
            "spray_minutes": 0,
            "minutes": 0,
            "from_site": "",
            "to_site": "",
            "other": "",
            "program": "",
            "protocol": "",
        },
        **{"workstation": alert.workstation or "–", "place": alert.workstation or alert.ip, "ip": alert.ip},
        **alert.limits,
        **alert.observed,
    }
    values["minutes"] = max(1, round(int(values.get("between_s", 0)) / 60))
    return " ".join(filter(None, (_sentence(alert) % values, _acting(alert, names or {}), _written(alert))))


def signed_in_people(alert: LiveAlert) -> list[str]:
    """The staff numbers that an alert names as signed in there."""
    return str(alert.observed.get("people", "")).split(", ")


def _written(alert: LiveAlert) -> str:
    """How the source wrote the account, where the hospital's table has it otherwise."""
    written = alert.observed.get("written")
    return _("The account is written as %(written)s.") % {"written": written} if written else ""


def _acting(alert: LiveAlert, names: Mapping[str, str]) -> str:
    """Who was signed in where an account that is not one person's was used; empty for a person's account."""
    said = {
        "named": _("Signed in there at that time: %(people)s (%(signed_in)s)."),
        "several": _("Signed in there, and it may have been any of them or somebody else: %(people)s (%(signed_in)s)."),
        "unresolved": _("Nobody is known to have been signed in there: who it was is unresolved."),
    }.get(str(alert.observed.get("acting", "")), "")
    people = " · ".join(f"{names[one]} {one}" if one in names else one for one in signed_in_people(alert))
    return said % {"people": people, "signed_in": _signed_in(str(alert.observed.get("signed_in", "")))} if said else ""


def _signed_in(evidence: str) -> str:
    """`HIS li 300 s; VPN wu 9 s` as a reader says it; what is of another form (it was cut to fit) as it is."""
    said = []
    for one in evidence.split("; "):
        found = re.fullmatch(r"(.+) (-?\d+) s", one)
        ago = lasting(max(0, int(found[2]))) if found else ""
        said.append(_("%(login)s, %(ago)s before") % {"login": found[1], "ago": ago} if found else one)
    return "; ".join(said)


def _sentence(alert: LiveAlert) -> str:
    if alert.detection == L.LEAVER:
        if "days_before" in alert.observed:
            return _("The account was used before it was enabled or its holder employed.")
        return _("The account was used after it was disabled or its holder left.")
    if alert.detection == L.MAINTENANCE:
        if alert.observed.get("tickets"):
            return _("A vendor's account was used outside its tickets.")
        return _("A vendor's account was used and has no ticket.")
    if alert.detection == L.SELF_ACCESS and alert.observed.get("other_number"):
        return _("The holder of the account opened the own record, under a number that was merged with the own one.")
    said = {
        L.HONEY: _("A decoy record was opened. Nobody has a reason to."),
        L.SELF_ACCESS: _("The holder of the account opened the own record."),
        L.BATCH: _("%(batch_patients)d different patients were opened within %(batch_minutes)d minutes."),
        L.SHARED: _("The account was used at %(workstation)s, at %(other)s, and back within %(minutes)d min."),
        L.TRAVEL: _("The account was used at site %(from_site)s and, %(minutes)d min later, at site %(to_site)s."),
        L.BRUTE_FORCE: _("%(failed_logins)d sign-ins failed within %(failed_minutes)d minutes."),
        L.SPRAYING: _("Sign-ins of %(spray_accounts)d accounts failed from %(ip)s within %(spray_minutes)d minutes."),
        L.NEW_PLACE: _("A privileged account was used from %(place)s, where it was not used before."),
        L.PLAINTEXT: _("Something went over the network unencrypted (%(protocol)s)."),
        L.REMOTE_TOOL: _("A remote-control program that is not approved was named: %(program)s."),
    }
    return said.get(L(alert.detection), "") if alert.detection in set(L) else ""
