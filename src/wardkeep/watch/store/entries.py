# SPDX-License-Identifier: Apache-2.0
"""The ledger's entries as verification of the store needs them: also those that a crash left in the journal alone."""

from __future__ import annotations

from wardkeep.ledger import LedgerError, LedgerReader, UnknownEntry
from wardkeep.ledger.journal import files, read_file
from wardkeep.ledger.tiles import unpack_bundle
from wardkeep.watch.store.pending import PRODUCER


class Entries:
    """Reads entries; what is published comes from the tiles, the rest from the journal."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader
        #: Log -> how many entries of it are published.
        self.sizes: dict[str, int] = {}
        #: Log -> its entries from `sizes` on.
        self._rest: dict[str, list[bytes]] = {}
        for log in reader.logs():
            try:
                self.sizes[log] = reader.size(log)
            except LedgerError:  # named by the verification of the ledger
                continue
        try:
            #: The store's last batch that the ledger acknowledged.
            self.sent = reader.last_number(PRODUCER) or 0
        except LedgerError:
            self.sent = 0

    def bodies(self, log: str, first: int, last: int) -> list[bytes]:
        """The entries `first` to `last`. Raises LedgerError."""
        size = self.sizes.get(log, 0)
        if last < size:
            return self._reader.bodies(log, first, last)
        rest = self._unpublished(log)
        if last >= size + len(rest):
            raise UnknownEntry(f"log {log} ends before entry {last}")
        published = self._reader.bodies(log, first, size - 1) if first < size else []
        return published + rest[max(0, first - size) : last + 1 - size]

    def _unpublished(self, log: str) -> list[bytes]:
        if log not in self._rest:
            self._rest[log] = self._from_journal(log, self.sizes.get(log, 0))
        return self._rest[log]

    def _from_journal(self, log: str, size: int) -> list[bytes]:
        found: list[bytes] = []
        for path in files(self._reader.folder / "journal" / log):
            for item in read_file(path, None):
                if not isinstance(item, tuple):  # named by the verification of the ledger
                    break
                record = item[1]
                if record.first + record.count > size + len(found) >= record.first:
                    found += unpack_bundle(record.bodies, path.name)[size + len(found) - record.first :]
        return found
