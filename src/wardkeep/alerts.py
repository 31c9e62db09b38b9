# SPDX-License-Identifier: Apache-2.0
"""The part of the settings that says what live detections look for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wardkeep.watch.live.limits import LimitError, Limits

#: Programs that let somebody in from outside, as their makers call them.
REMOTE_TOOLS = (
    *(
        "teamviewer",
        "teamviewer_service",
        "anydesk",
        "todesk",
        "todesk_service",
        "sunloginclient",
        "awesun",
        "rustdesk",
    ),
    *("ultraviewer", "ammyy", "aa_v3", "logmein", "lmiguardiansvc", "splashtop", "srserver", "radmin", "rserver3"),
    *(
        "supremo",
        "gotoassist",
        "g2mcomm",
        "screenconnect",
        "screenconnect.clientservice",
        "vncserver",
        "winvnc",
        "tvnserver",
    ),
    *("向日葵", "向日葵远程控制"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Live:
    """What is looked for while it happens, where listeners are named."""

    #: Accounts with rights above others': each use from a new workstation or address is said.
    privileged: tuple[str, ...] = ()
    #: Programs for remote control that are not approved here, without `.exe`. Leave out those that are.
    remote_tools: tuple[str, ...] = REMOTE_TOOLS
    #: Protocols and ports that carry what they carry in the clear.
    plain_protocols: tuple[str, ...] = ("ftp", "tftp", "telnet", "http", "rlogin", "rsh")
    plain_ports: tuple[int, ...] = (20, 21, 23, 69, 80, 513, 514)
    #: Days before now from which workstations, sites and what peers usually open are learned; 0: nothing is learned.
    learned_days: int = 7
    #: Limits by name; those not named keep their default (docs/reference/live-alerts.md).
    limits: Mapping[str, Any] = field(default_factory=dict)

    def all_limits(self) -> Limits:
        """What live detections are held against. Raises LimitError."""
        return Limits.of(self.limits)


def live_faults(live: Live) -> list[str]:
    """What is wrong with it."""
    faults = [
        f"live.plain_ports: {port} is no port: use 1 to 65535" for port in live.plain_ports if not 0 < port < 65536
    ]
    if not 0 <= live.learned_days <= 90:
        faults.append(f"live.learned_days = {live.learned_days}: use 0 to 90")
    try:
        live.all_limits()
    except LimitError as error:
        faults.append(f"live.limits: {error}")
    return faults
