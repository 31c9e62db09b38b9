# SPDX-License-Identifier: Apache-2.0
"""What the ledger knows of sealed record packages."""
