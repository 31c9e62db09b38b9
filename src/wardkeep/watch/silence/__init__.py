# SPDX-License-Identifier: Apache-2.0
"""Logs that should be there and are not: a system that stops, that pauses when it usually sends, or that skips numbers."""

from wardkeep.watch.silence.silence import Limits, Silence, SilenceKind, silences

__all__ = ["Limits", "Silence", "SilenceKind", "silences"]
