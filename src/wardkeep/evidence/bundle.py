# SPDX-License-Identifier: Apache-2.0
"""Making a bundle: a folder or a ZIP with the query, its result, and what proves it. One ledger and page, the same bytes.

manifest.json   what it is: query, parameters, range, checkpoint, number and hash of the rows
query.toml      the text of the query
result.jsonl    the result, one record a line, in the order of the log
checkpoint      the signed checkpoint under which everything is proven
keys.jsonl      hand-over entries of the log's signing key, where it was ever rotated
verifier.html   the page that checks a proof in any browser
proofs/N.tlog-proof, proofs/N.entry   of each record: the proof for any other tool, and the sealed entry
tile/…          over acts: every entry of the range and the tiles that prove them, laid out as C2SP tlog-tiles
"""

from __future__ import annotations

import contextlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from wardkeep.evidence.collect import Result
from wardkeep.evidence.errors import BundleUnwritable
from wardkeep.evidence.manifest import (
    CHECKPOINT,
    KEYS,
    MANIFEST,
    QUERY,
    RESULT,
    Range,
    describe,
    entry_name,
    proof_name,
)
from wardkeep.evidence.query import Query
from wardkeep.ledger import LedgerReader
from wardkeep.ledger.note import open_checkpoint
from wardkeep.ledger.page import NAME as PAGE
from wardkeep.ledger.page import page
from wardkeep.ledger.proof import write_proof
from wardkeep.ledger.tiles import pack_bundle, tile_path
from wardkeep.ledger.tree import inclusion_proof

#: Nodes of the tree that are remembered while proofs are made.
KEPT_NODES = 1 << 17
#: ZIP has no time before this; a bundle must not differ by when it was made.
NO_TIME = (1980, 1, 1, 0, 0, 0)
#: Hashes do not get smaller; texts do.
TEXTS = (MANIFEST, QUERY, RESULT, CHECKPOINT, KEYS, PAGE)


def parts(
    reader: LedgerReader, query: Query, values: dict[str, str], where: Range, result: Result, *, note: str
) -> Iterator[tuple[str, bytes]]:
    """Every file of the bundle under the checkpoint in `note`, in one order."""
    tree = open_checkpoint(note, reader.description.verifier(where.log))
    text = result.text()
    yield (
        MANIFEST,
        describe(query, values, where, tree, rows=len(result.found), result=text, gone=result.gone),
    )
    yield QUERY, query.text
    yield RESULT, text
    yield CHECKPOINT, note.encode()
    if handovers := reader.description.handovers:
        yield KEYS, b"".join(one.body() + b"\n" for one in handovers)
    yield PAGE, page()
    tiles = reader.tiles(where.log)
    node = lru_cache(KEPT_NODES)(tiles.node(tree.size))  # neighbours in the log share most of their paths
    for one in result.found:
        yield proof_name(one.n), write_proof(one.n, inclusion_proof(node, one.n, tree.size), note).encode()
        yield entry_name(one.n), one.entry
    if query.over == "acts":
        for level, number, width in where.tiles(tree.size):
            yield tile_path(level, number, width), b"".join(tiles.tile(level, number, width))
        for number, width in where.bundles(tree.size):
            yield tile_path("entries", number, width), pack_bundle(tiles.bundle(number, width))


def write(files: Iterator[tuple[str, bytes]], out: Path) -> None:
    """Write a bundle whole or not at all: a ZIP where the name ends in `.zip`, else a folder. Raises BundleUnwritable."""
    if out.exists():
        raise BundleUnwritable(f"{out} is there already", hint="name another place, or remove it")
    draft = out.with_name(f".{out.name}.new")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink() if draft.is_file() else shutil.rmtree(draft)
    (_write_zip if out.suffix == ".zip" else _write_folder)(files, draft)
    draft.rename(out)


def _write_zip(files: Iterator[tuple[str, bytes]], out: Path) -> None:
    with zipfile.ZipFile(out, "x") as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name, NO_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED if name in TEXTS else zipfile.ZIP_STORED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    with out.open("rb") as file:
        os.fsync(file.fileno())


def _write_folder(files: Iterator[tuple[str, bytes]], out: Path) -> None:
    out.mkdir(parents=True)
    for name, content in files:
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
