# SPDX-License-Identifier: Apache-2.0
"""The hospital's HL7 v2 feed, written out of its own tables: what the feed says and what the tables say is the same."""

from simulate.hl7.files import FEEDS, write_feeds

__all__ = ["FEEDS", "write_feeds"]
