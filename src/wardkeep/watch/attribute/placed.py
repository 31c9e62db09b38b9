# SPDX-License-Identifier: Apache-2.0
"""Each machine and address that signing in and uses name, as it is compared: `wardkeep.watch.places` says which are one."""

from __future__ import annotations

from wardkeep.watch.engine import Engine
from wardkeep.watch.places import Machines, address, is_own, server

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
    """Leave `machine`, `address` and `server_host`; the first two hold what is compared otherwise than it is written, empty
    where it only says `this machine`.
    """
    names = sorted(written for (written,) in engine.rows(_NAMES))
    servers = {written: server(written) for (written,) in engine.rows(_SERVERS)}
    machines = Machines([*names, *(name for found in servers.values() for name in found)])
    keys = {name: machines.key(name) for name in names}
    machine = [
        (name, "" if is_own(name) else key, None if is_own(name) else short)
        for name, (key, short) in keys.items()
        if key != name or short or is_own(name)
    ]
    engine.put("machine", MACHINE, machine)
    addresses = sorted(written for (written,) in engine.rows(_ADDRESSES))
    reached = [(one, "" if is_own(one) else address(one)) for one in addresses]
    engine.put("address", ADDRESS, [(one, key) for one, key in reached if key != one])
    engine.put(
        "server_host", HOST,
        sorted((written, machines.key(name)[0]) for written, found in servers.items() for name in found),
    )  # fmt: skip
