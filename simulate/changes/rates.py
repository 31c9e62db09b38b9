# SPDX-License-Identifier: Apache-2.0
"""How often records are changed late, and databases by hand. docs/reference/simulator.md says what each rests on."""

from __future__ import annotations

#: Cases per 300 staff and 30 days: changes of a record, and statements in a database.
LATE = {"A": 12, "B": 4, "C": 8, "none": 0}
DIRECT = {"A": 8, "B": 3, "C": 6, "none": 0}

#: Shares of stays whose record is archived within two working days, within five, and later.
ARCHIVED = (0.80, 0.15, 0.05)
#: Shares of archived records to which each of the lawful things happens within a month.
RETURNED_CODES = 0.03
CORRECTION = 0.03
LATE_RESULT = 0.05
LATE_REPORT = 0.02
ADDENDUM = 0.02
SCANNING = 0.06
#: Shares of stays of whose record somebody asks for copies, and about which somebody complains.
COPIES, COMPLAINT = 0.08, 0.004
#: Copies are made of archived records; so many are asked for before.
BEFORE_ARCHIVE = 0.05

#: Share of maintenance windows in which somebody writes under the own login, and of those in which it takes longer.
WRITES, OVERRUN = 0.5, 0.1
#: Changes by a vendor under a ticket, and tidying of scratch tables without any, per 300 staff and 30 days.
VENDOR_CHANGES, TIDYING = 3, 15
