# SPDX-License-Identifier: Apache-2.0
"""What keeps bytes from being a message."""

from __future__ import annotations


class NotRead(ValueError):
    """`code: sentence` of a message that cannot be read, by segment and field; no value of it is in the text."""
