# SPDX-License-Identifier: Apache-2.0
"""Proposing a mapping for a log that nobody described: what its first rows look like, and why. Never used by itself."""
