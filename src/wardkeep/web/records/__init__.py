# SPDX-License-Identifier: Apache-2.0
"""Signed records: which sources are checked, and which records are not as they were sealed."""
