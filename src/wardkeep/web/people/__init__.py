# SPDX-License-Identifier: Apache-2.0
"""Accounts of Wardkeep, for the three administrators: who there is, who may what, who is let in."""
