# SPDX-License-Identifier: Apache-2.0
"""Each machine and address that signing in and uses name, as it is compared: `wardkeep.watch.places` says which are one."""

from __future__ import annotations

from wardkeep.watch.engine import Engine
from wardkeep.watch.places import Machines, address, is_own, machine, server

MACHINE = (("written", "VARCHAR"), ("machine", "VARCHAR"), ("short", "VARCHAR"))
ADDRESS = (("written", "VARCHAR"), ("reached", "VARCHAR"))
#: Of what is written of a server each name and address that it has.
HOST = (("written", "VARCHAR"), ("host", "VARCHAR"))
#: Addresses behind which several machines stood that day, or the day before.
CROWD = (("ip", "VARCHAR"), ("day", "INTEGER"))
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
    compared = [
        (name, "" if is_own(name) else key, None if is_own(name) else short)
        for name, (key, short) in keys.items()
        if key != name or short or is_own(name)
    ]
    engine.put("machine", MACHINE, compared)
    addresses = sorted(written for (written,) in engine.rows(_ADDRESSES))
    reached = [(one, "" if is_own(one) else address(one)) for one in addresses]
    engine.put("address", ADDRESS, [(one, key) for one, key in reached if key != one])
    engine.put(
        "server_host", HOST,
        sorted((written, machines.key(name)[0]) for written, found in servers.items() for name in found),
    )  # fmt: skip


def crowd(engine: Engine) -> None:
    """Leave `crowd`: the addresses of gateways, which say of nobody where he is."""
    names: dict[tuple[str, int], set[str]] = {}
    for ip, day, written in engine.rows("SELECT s.ip, s.day, s.workstation FROM stood_at AS s"):
        if not is_own(written) and address(written) != ip:
            names.setdefault((ip, day), set()).add(written)
    found = {key for key, written in names.items() if _are_several(written)}
    engine.put("crowd", CROWD, sorted({(ip, on) for ip, day in found for on in (day, day + 1)}))


def _are_several(written: set[str]) -> bool:
    """Whether these are surely the names of more than one machine."""
    machines = {machine(name) for name in written}
    return any(not one.may_be(other) for one in machines for other in machines)
