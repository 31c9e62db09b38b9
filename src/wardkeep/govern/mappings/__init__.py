# SPDX-License-Identifier: Apache-2.0
"""Mappings that a person confirmed in the console: which version is in force, whose it is, and how it is taken back."""
