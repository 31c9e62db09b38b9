# SPDX-License-Identifier: Apache-2.0
"""Logs that name places and kinds, never what a record said: messages and paths may carry a patient's number."""

from __future__ import annotations

import logging
import traceback


class PlacesOnly(logging.Formatter):
    """One line for what happened; of an exception its class and its places, without its message."""

    def format(self, record: logging.LogRecord) -> str:
        foreign = not record.name.startswith("wardkeep")
        text = str(record.msg) if foreign else record.getMessage()
        lines = [f"{self.formatTime(record)} {record.levelname} {record.name}: {text}"]
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, tb = record.exc_info
            lines.append(f"  {kind.__module__}.{kind.__qualname__}")
            lines += [f"  {place.filename}:{place.lineno} {place.name}" for place in traceback.extract_tb(tb)[-12:]]
        return "\n".join(lines)
