# SPDX-License-Identifier: Apache-2.0
"""Signing in and out, one-use links, the second factor, one's own account."""
