# SPDX-License-Identifier: Apache-2.0
"""Each machine and address that signing in and uses name, as it is compared: `wardkeep.watch.places` says which are one."""

from __future__ import annotations

from wardkeep.watch.engine import Engine
from wardkeep.watch.places import Machines, address, server

MACHINE = (("written", "VARCHAR"), ("machine", "VARCHAR"), ("short", "VARCHAR"))
ADDRESS = (("written", "VARCHAR"), ("reached", "VARCHAR"))
#: Of what is written of a server each name and address that it has.
HOST = (("written", "VARCHAR"), ("host", "VARCHAR"))
_NAMES = """
SELECT a.workstation AS written FROM asked AS a WHERE a.workstation IS NOT NULL
UNION SELECT s.workstation AS written FROM sign AS s WHERE s.workstation IS NOT NULL
"""
_ADDRESSES = """
SELECT a.ip AS written FROM asked AS a WHERE a.ip IS NOT NULL
UNION SELECT s.ip AS written FROM sign AS s WHERE s.ip IS NOT NULL
UNION SELECT s.assigned_ip AS written FROM sign AS s WHERE s.assigned_ip IS NOT NULL
"""
_SERVERS = """
SELECT l.server AS written FROM led_to AS l WHERE l.server IS NOT NULL
UNION SELECT u.server AS written FROM used_at AS u WHERE u.server IS NOT NULL
"""


def place(engine: Engine) -> None:
    """Leave `machine`, `address` and `server_host`; the first two hold what is compared otherwise than it is written."""
    names = sorted(written for (written,) in engine.rows(_NAMES))
    servers = {written: server(written) for (written,) in engine.rows(_SERVERS)}
    machines = Machines([*names, *(name for found in servers.values() for name in found)])
    keys = {name: machines.key(name) for name in names}
    engine.put("machine", MACHINE, [(name, key, short) for name, (key, short) in keys.items() if key != name or short])
    addresses = sorted(written for (written,) in engine.rows(_ADDRESSES))
    engine.put("address", ADDRESS, [(one, key) for one in addresses if (key := address(one)) != one])
    engine.put(
        "server_host", HOST,
        sorted((written, machines.key(name)[0]) for written, found in servers.items() for name in found),
    )  # fmt: skip
