# SPDX-License-Identifier: Apache-2.0
"""Runs, the ledger's state, entries and proofs: where a number on a page comes from."""
