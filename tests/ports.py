# SPDX-License-Identifier: Apache-2.0
"""Ports for servers of other makers, which must be told one before they listen."""

from __future__ import annotations

import contextlib
import random
import socket
from pathlib import Path


def free_port() -> int:
    """A free port that the system gives to nobody who connects: whoever starts a moment later finds it free still."""
    given = Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(given.read_text().split()[0]) if given.exists() else 32_768
    for port in random.SystemRandom().sample(range(10_000, max(lowest, 20_000)), 1000):
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for how in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                held.enter_context(socket.socket(socket.AF_INET, how)).bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")
