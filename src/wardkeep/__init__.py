# SPDX-License-Identifier: Apache-2.0
"""Wardkeep guards patient information: every access sealed, explained or flagged, and driven to closure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wardkeep.home import Home


def setup(home: Home) -> None:
    """Configure Django for one home; needed before anything that touches rows. A second call does nothing."""
    from wardkeep.django import setup as configure  # noqa: PLC0415 - the pure rooms import no Django

    configure(home)
