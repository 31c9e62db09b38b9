# SPDX-License-Identifier: Apache-2.0
"""Where what is heard live lies in a home, and under which keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wardkeep.home import Home

#: What the processes say of themselves, in the folder of live intake.
LISTENING, STORING, ALERTING, PULLING = "listening.json", "storing.json", "alerting.json", "pulling.json"


def live_folder(home: Home) -> Path:
    """One folder below for each listener, and what the processes say of themselves."""
    return home.data_folder / "live"


def spool_key(home: Home, name: str) -> bytes:
    """The key under which a listener's raw spool is sealed."""
    return home.keyring().derive("raw-spool", name, tenant=home.settings.hospital.tenant)
