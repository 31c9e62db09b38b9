# SPDX-License-Identifier: Apache-2.0
"""The feed as files: one a sender, in its character set, message after message."""

from __future__ import annotations

from pathlib import Path

from simulate.hl7.feed import EMR, HIS, LIS, Feed
from simulate.hospital import Hospital

#: File of each sender.
FEEDS = {"HIS": "his-feed.hl7", "LIS": "lis-results.hl7", "EMR": "emr-documents.hl7"}


def write_feeds(hospital: Hospital, folder: Path, days: int) -> list[Path]:
    """Write the files of the last `days`; segments end with CR, messages with one line feed more."""
    number = dict.fromkeys(FEEDS, 0)
    parts: dict[str, list[str]] = {name: [] for name in FEEDS}
    for message in Feed(hospital, days).messages():
        name = message.sender.application
        number[name] += 1
        header = message.sender.header(message.kind, message.time, number[name], message.to)
        parts[name].append("\r".join((header, *message.lines)) + "\r\n")
    written = []
    for sender in (HIS, LIS, EMR):
        path = folder / FEEDS[sender.application]
        path.write_bytes("".join(parts[sender.application]).encode(sender.encoding))
        written.append(path)
    return written
