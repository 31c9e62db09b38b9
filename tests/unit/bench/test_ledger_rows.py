# SPDX-License-Identifier: Apache-2.0
"""The ledger's benchmark draws its table with and without the peers that a machine may lack."""

from __future__ import annotations

from collections import defaultdict

from bench import ledger
from bench.figure import table

ALWAYS = [
    "batches 64", "bare 64", "batches 4096", "bare 4096", "process p50", "process sync p50", "socket p50",
    "socket sync p50", "64x16", "64x1", "64x1 p99", "sync p99", "verify", "verify cpu", "since", "event bytes",
    "act bytes", "open",
]  # fmt: skip
PEERS = ["sha256", "pymerkle single", "pymerkle bulk", "postgres 1", "postgres 64"]


def drawn(names: list[str]) -> str:
    return table(ledger.rows(defaultdict(list, {name: [1.0, 2.0, 3.0] for name in names})))


def test_without_peers_the_table_has_our_figures_and_the_disk_alone() -> None:
    said = drawn(ALWAYS)
    assert "write and fdatasync" in said
    assert not any(peer in said for peer in ("pymerkle", "PostgreSQL", "SHA-256"))


def test_with_peers_each_stands_beside_ours() -> None:
    said = drawn(ALWAYS + PEERS)
    assert all(peer in said for peer in ("pymerkle", "PostgreSQL", "SHA-256 in C"))
