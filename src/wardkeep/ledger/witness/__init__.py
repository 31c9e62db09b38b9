# SPDX-License-Identifier: Apache-2.0
"""The witness (c2sp.org/tlog-witness): one that keeps what it saw of other people's logs, and the ledger's side of it."""
