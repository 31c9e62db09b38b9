# SPDX-License-Identifier: Apache-2.0
"""What the choices of a mapping are called on the page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wardkeep.web.say.codes import ACTIONS, EVENT_OUTCOMES, Names

#: What a column can become, in the order of the list.
TARGET_NAMES: Names = {
    "time": _("time"),
    "account": _("account"),
    "patient_id": _("patient's number"),
    "action": _("action"),
    "resource": _("what was opened"),
    "outcome": _("outcome"),
    "workstation": _("workstation"),
    "ip": _("IP address"),
    "site": _("department or site"),
    "query": _("statement or search text"),
    "count": _("number of records"),
    "event_id": _("number of the event"),
    "session_id": _("session"),
    "system": _("system"),
    "purpose": _("purpose"),
    "breakglass": _("emergency override"),
    "duration_s": _("seconds open"),
    "end_time": _("time of the end"),
}
#: Words of a closed vocabulary; `other` is no access.
CODE_NAMES: dict[str, Names] = {
    "action": {**ACTIONS, "other": _("no access (kept, not judged)")},
    "outcome": EVENT_OUTCOMES,
}
ENCODINGS: Names = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 (BOM)",
    "gb18030": "GB18030 / GBK",
    "utf-16": "UTF-16 (BOM)",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "big5": "Big5",
    "shift_jis": "Shift JIS",
    "cp1252": "Windows-1252",
}
#: name in the form -> the separator, and what it is called.
SEPARATORS: dict[str, str] = {
    "comma": ",",
    "tab": "\t",
    "pipe": "|",
    "semicolon": ";",
    "caret": "^",
    "pipes": "||",
    "soh": "\x01",
    "tilde": "~",
}
SEPARATOR_NAMES: Names = {
    "comma": _("comma ,"),
    "tab": _("tabulator"),
    "pipe": _("pipe |"),
    "semicolon": _("semicolon ;"),
    "caret": "^",
    "pipes": "||",
    "soh": _("control character 0x01"),
    "tilde": "~",
}
QUOTES: dict[str, str] = {"double": '"', "single": "'", "none": ""}
QUOTE_NAMES: Names = {"double": '"', "single": "'", "none": _("nothing")}
