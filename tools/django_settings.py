# SPDX-License-Identifier: Apache-2.0
"""Django's settings as a module, for tools that want one (the mypy plugin, makemessages); the program needs none."""

from pathlib import Path
from typing import Any

from wardkeep.django import configuration
from wardkeep.home import Home
from wardkeep.settings import Settings


class _NoKeyring:
    """Keys that protect nothing: no home is opened here."""

    def derive(self, *_: str, tenant: str, length: int = 32) -> bytes:
        return bytes(length)


class _NoHome(Home):
    settings = Settings()  # type: ignore[assignment]

    def keyring(self) -> Any:
        return _NoKeyring()


globals().update(configuration(_NoHome(Path("/nonexistent"))))

#: Our own, declared so that a type checker sees them.
WARDKEEP_HOME: Home
WARDKEEP_IDLE_SECONDS: int
