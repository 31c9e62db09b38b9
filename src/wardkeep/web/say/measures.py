# SPDX-License-Identifier: Apache-2.0
"""The names of a finding's numbers and of a score's terms."""

from __future__ import annotations

from wardkeep.web.say.codes import Names

MEASURES: Names = {}
TERMS: Names = {}
