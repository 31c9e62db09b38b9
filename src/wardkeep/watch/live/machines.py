# SPDX-License-Identifier: Apache-2.0
"""The names and addresses that events bring, as they are compared (`watch/places.py`): the same few come again and again."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from wardkeep.watch.places import address, machine

_MOST = 50_000
#: As `places` says, remembered.
address_of = lru_cache(_MOST)(address)
machine_of = lru_cache(_MOST)(machine)


@lru_cache(_MOST)
def network_of(written: str) -> str:
    """The network of an address, as an address changes when it is given out anew; empty where it is no address."""
    try:
        found = ipaddress.ip_address(address(written))
    except ValueError:
        return ""
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 64), strict=False))
