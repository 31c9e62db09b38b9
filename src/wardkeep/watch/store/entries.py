# SPDX-License-Identifier: Apache-2.0
"""The ledger's entries as verification of the store needs them: also those that a crash left in the journal alone."""

from __future__ import annotations

from wardkeep.ledger import LedgerError, LedgerReader
from wardkeep.ledger.journal import files, read_file
from wardkeep.ledger.tiles import unpack_bundle
from wardkeep.ledger.tree import TILE_WIDTH, leaf_hashes
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

    def end(self, log: str) -> int | None:
        """How many entries a log has; None where it cannot be read, which the verification of the ledger names."""
        return self.sizes[log] + len(self._unpublished(log)) if log in self.sizes else None

    def bodies(self, log: str, first: int, last: int) -> list[bytes | None]:
        """The entries `first` to `last`, which the log has; None for each that cannot be read."""
        size = self.sizes[log]
        found: list[bytes | None] = []
        if first < size:
            found += self._published(log, first, min(last, size - 1))
        found += self._unpublished(log)[max(0, first - size) : max(0, last + 1 - size)]
        return found

    def act(self, log: str, n: int) -> bytes | None:
        """One entry; None where it is not what was sealed, which the verification of the ledger names."""
        (body,) = self.bodies(log, n, n)
        if body is None or n >= self.sizes[log]:
            return body
        try:
            (sealed,) = self._reader.leaf_hashes(log, n, n)
        except LedgerError:
            return None
        return body if leaf_hashes([body]) == [sealed] else None

    def _published(self, log: str, first: int, last: int) -> list[bytes | None]:
        try:
            return [*self._reader.bodies(log, first, last)]
        except LedgerError:
            if first // TILE_WIDTH == last // TILE_WIDTH:
                return [None] * (last + 1 - first)
        found: list[bytes | None] = []
        while first <= last:  # bundle by bundle, so that one that is damaged hides no other
            until = min(last, first - first % TILE_WIDTH + TILE_WIDTH - 1)
            found += self._published(log, first, until)
            first = until + 1
        return found

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
