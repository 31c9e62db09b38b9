# SPDX-License-Identifier: Apache-2.0
"""Carrying committed acts into the ledger from a command, with or without a running `serve`."""

from __future__ import annotations

from collections.abc import Callable

from wardkeep.home import Home


def drain_here(home: Home, *, say: Callable[[str], None] | None = None, wait: float = 10.0) -> int:
    """Append every waiting act. Where the ledger cannot be had the acts stay safe in the database, and `say` is told.

    Fails open on purpose: the rows and their acts are committed together, and the next drainer carries them.
    """
    from django.utils.translation import gettext as _  # noqa: PLC0415

    from wardkeep.ledger import LedgerUnavailable  # noqa: PLC0415
    from wardkeep.seal.outbox import OlderRows, drain, waiting  # noqa: PLC0415

    if not waiting():
        return 0
    try:
        with home.connect_ledger(wait=wait) as ledger:
            return drain(ledger)
    except (LedgerUnavailable, OlderRows) as exc:
        if say is None and isinstance(exc, OlderRows):
            raise
        if say is not None:
            say(_("%(count)d acts wait for the ledger (%(why)s)") % {"count": waiting(), "why": exc})
            if exc.hint:
                say(f"{_('hint')}: {exc.hint}")
        return 0
