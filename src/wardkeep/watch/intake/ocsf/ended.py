# SPDX-License-Identifier: Apache-2.0
"""How an act ended: by the schema's numbers, and by the words and codes that its source wrote beside them.

A refusal counts wherever it stands, but `status_detail` only where nothing says that the act succeeded: it is a free text
(`MFA not required`). Who says nothing says that it happened, as an empty cell of a mapping does.
"""

from __future__ import annotations

import re
from typing import Any

from wardkeep.watch.intake.endings import DENIED, FAILURE, refused
from wardkeep.watch.intake.ocsf import classes
from wardkeep.watch.intake.ocsf.doing import names
from wardkeep.watch.intake.ocsf.values import BadEvent, fields, items, number, text
from wardkeep.watch.intake.outcomes import SUCCESS, Ending

#: The status_id that says nothing; any other that is not known sends to the word of `status`, as 99 does.
_UNKNOWN = 0
#: Of `status_detail`, the schema's own words of failure.
_DETAILS = frozenset(
    {"USER_DOES_NOT_EXIST", "INVALID_CREDENTIALS", "ACCOUNT_DISABLED", "ACCOUNT_LOCKED_OUT", "PASSWORD_EXPIRED"}
)
_WORDS = Ending(
    dict.fromkeys(("unknown", "other", "none", "null", "n/a", "-", "未知", "其他", "其它"), "")
    | dict.fromkeys(("true", "logoff_user_initiated", "logoff_other"), SUCCESS)
    | {word.lower(): FAILURE for word in _DETAILS},
    "",
)
_HTTP, _HEX = re.compile(r"[1-5]\d\d", re.ASCII), re.compile(r"0x[0-9a-f]+", re.ASCII | re.IGNORECASE)
_NOT_ALLOWED = frozenset({"401", "403"})
#: Characters of a text that are looked at.
_VIEWED = 200


def outcome(event: dict[str, Any], action: str) -> str:
    """success, denied, failure. Raises BadEvent where what an access says of it is known to nobody."""
    if number(event.get("disposition_id")) in classes.REFUSED or number(event.get("action_id")) == classes.DENIED:
        return DENIED
    written = event.get("status_id")
    normal = number(written)
    known = classes.STATUSES.get(normal) if normal is not None else None
    status = _word(event.get("status")) if normal is not None else _first(_word(event.get("status")), _word(written))
    code, detail = _code(event.get("status_code")), _word(event.get("status_detail"))
    well = SUCCESS in (known, status) and known != FAILURE
    if well and (text(event.get("status_detail")) or "").upper() not in _DETAILS:
        detail = ""
    told = [status, code, detail, *_answered(event, well)]
    decided = (text(event.get("disposition")), text(event.get("action")))
    told += [DENIED for one in decided if one is not None and refused(one[:_VIEWED]) == DENIED]
    if action == "login":
        told += [refused(name[:_VIEWED]) or "" for name in names(event)]
    if DENIED in told or FAILURE in told:
        return DENIED if DENIED in told else FAILURE
    if known is not None or well:
        return known or SUCCESS
    unknown = None in (status, code, detail)
    if SUCCESS in told and status is not None:
        return SUCCESS
    if action == "login" and not unknown and (sentence := _word(event.get("message"))):
        return sentence
    if (unknown or normal not in (None, _UNKNOWN)) and action != classes.OTHER:
        raise BadEvent("unmapped-outcome: status, status_detail and status_code say neither success nor failure")
    return SUCCESS


def _answered(event: dict[str, Any], well: bool) -> list[str]:
    """What the answers to a request say; a code that nobody knows says nothing."""
    response = fields(fields(event.get("api")).get("response"))
    told = [_code(response.get("code")) or "", _code(fields(event.get("http_response")).get("code")) or ""]
    for one in items(response.get("error")):
        error = _code(one)
        told.append(error if error in (DENIED, FAILURE) else FAILURE if error is None and not well else "")
    if not well and (why := text(response.get("error_message"))) is not None:
        told.append(refused(why[:_VIEWED]) or "")
    return told


def _word(value: object) -> str | None:
    """What a text says; empty where it says nothing, None where nobody knows it."""
    said = str(value).lower() if isinstance(value, bool) else text(value)
    return "" if said is None else _WORDS.of(said[:_VIEWED])


def _code(value: object) -> str | None:
    """What a number of HTTP, a status of Windows or another code says; nought is success."""
    said = text(value)
    if said is None:
        return ""
    if _HTTP.fullmatch(said):
        return DENIED if said in _NOT_ALLOWED else FAILURE if said >= "4" else SUCCESS
    if _HEX.fullmatch(said) or said == "0":
        return FAILURE if int(said, 16) else SUCCESS
    return _word(said)


def _first(*told: str | None) -> str | None:
    """The first that says something."""
    return next((one for one in told if one != ""), "")
