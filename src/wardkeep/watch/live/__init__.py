# SPDX-License-Identifier: Apache-2.0
"""Alerts while it happens: events in small batches as they are heard, alerts out; a bounded memory, and no clock."""

from wardkeep.watch.live.alert import Alert, LiveDetection
from wardkeep.watch.live.known import Holder, Known, Ticket
from wardkeep.watch.live.limits import LimitError, Limits
from wardkeep.watch.live.live import Live
from wardkeep.watch.live.looking import Lack, Looking, counted, looking

__all__ = [
    "Alert", "Holder", "Known", "Lack", "LimitError", "Limits", "Live", "LiveDetection", "Looking", "Ticket", "counted",
    "looking",
]  # fmt: skip
