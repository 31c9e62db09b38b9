# SPDX-License-Identifier: Apache-2.0
"""What crosses the network unencrypted: only the hospital knows whether anybody else is on it."""

from __future__ import annotations

from collections.abc import Callable

from wardkeep.home import Home
from wardkeep.listeners import is_plain
from wardkeep.watch.pull import BadSource, PullSource, parse_source
from wardkeep.watch.pull.dicomweb.source import PacsSource
from wardkeep.watch.pull.record_source import RecordSource, parse_record_source
from wardkeep.watch.pull.source import may_be_read

Parse = Callable[[str, str], PullSource | RecordSource | PacsSource]


def heard(home: Home) -> list[str]:
    """The listeners to which other machines send unencrypted."""
    return [name for name, one in home.settings.intake.listeners.items() if is_plain(one)]


def read(home: Home) -> list[str]:
    """The source files of databases whose rows may be read on their way. One that cannot be read is named elsewhere."""
    events, records = home.settings.intake.pulls, home.settings.records.sources
    return [
        *(file for file in events if _is_plain(home, file, parse_source)),
        *(file for file in records if _is_plain(home, file, parse_record_source)),
    ]


def _is_plain(home: Home, file: str, parse: Parse) -> bool:
    try:
        source = parse((home.path / file).read_text("utf-8-sig"), file)
    except (OSError, UnicodeDecodeError, BadSource):
        return False
    # An archive of images is asked by HTTPS, or not at all.
    return not isinstance(source, PacsSource) and may_be_read(source.url)
