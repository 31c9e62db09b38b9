# SPDX-License-Identifier: Apache-2.0
"""A length of time in words."""

from __future__ import annotations

from django.utils.translation import gettext as _


def lasting(seconds: int) -> str:
    """In its largest unit: `40 s`, `4 min`, `3 h`, `2 days`."""
    if seconds < 60:
        return _("%(n)d s") % {"n": seconds}
    if seconds < 3600:
        return _("%(n)d min") % {"n": seconds // 60}
    if seconds < 2 * 86_400:
        return _("%(n)d h") % {"n": seconds // 3600}
    return _("%(n)s days") % {"n": f"{seconds // 86_400:,}"}
