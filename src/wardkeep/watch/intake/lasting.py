# SPDX-License-Identifier: Apache-2.0
"""How long an act lasted, as sources write it: `300`, `1:02:03`, `1 day, 0:05:00`, `1小时5分`; or when it ended. Pure."""

from __future__ import annotations

import re

from wardkeep.watch.intake.timeformat import Parse

_SECONDS = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)
_CLOCK = re.compile(
    r"(?:(\d{1,5}) ?(?:d|days?|天),? ?)?(\d{1,5}):([0-5]?\d):([0-5]?\d(?:\.\d{1,9})?)", re.ASCII | re.IGNORECASE
)
_WORDS = re.compile(
    r"(?:(\d{1,5}) ?(?:d|days?|天|日) ?)?(?:(\d{1,6}) ?(?:h|hrs?|hours?|小时|时) ?)?"
    r"(?:(\d{1,7}) ?(?:m|mins?|minutes?|分钟|分) ?)?(?:(\d{1,9}(?:\.\d{1,9})?) ?(?:s|secs?|seconds?|秒))?",
    re.ASCII | re.IGNORECASE,
)  # fmt: skip


def milliseconds(text: str) -> int | None:
    """How long that is; None where the text is no such thing."""
    if _SECONDS.fullmatch(text):
        return round(float(text) * 1000)
    found = _CLOCK.fullmatch(text) or _WORDS.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes, seconds = found.groups()
    whole = int(days or 0) * 86_400 + int(hours or 0) * 3_600 + int(minutes or 0) * 60
    return whole * 1000 + round(float(seconds or 0) * 1000)


def until(text: str, parse: Parse, begin_us: int) -> int | None:
    """Milliseconds from its begin to the time in `text`; None where that is earlier. Raises BadTime."""
    lasted = parse(text)[0] - begin_us
    return None if lasted < 0 else lasted // 1000
