# SPDX-License-Identifier: Apache-2.0
"""How often the sources of identity lie or are silent. docs/reference/simulator.md says which public figure each rests on."""

from __future__ import annotations

#: Share of workstations on which people sign in to Windows as themselves; the others run under a ward's kiosk account.
OWN_WINDOWS = 0.45
#: Share of those workstations that are found open: whoever comes works on under the name of the one before.
LEFT_OPEN = 0.06
#: Share of sessions whose end no log has.
NO_LOGOFF = {"Windows": 0.40, "VPN": 0.12, "JumpServer": 0.05}
#: Share of passwords that are mistyped once before.
MISTYPED = 0.02
#: Share of passages without a record of one's own: the door is held open, or one walks in behind somebody.
NO_SWIPE = 0.20
#: Share of swipes with a card that is a colleague's.
LENT_CARD = 0.004
#: Doors seldom have a reader inside: share of departures with a record.
SWIPED_OUT = 0.35
#: Share of people whose domain account, and whose card, no export of accounts knows.
UNKNOWN_ACCOUNT, UNKNOWN_CARD = 0.03, 0.02
#: Share of people who have an earlier number, under which one of their accounts was left.
SECOND_NUMBER = 0.02
#: Share of departments whose HIS module goes through the application servers, so that no workstation shows.
THREE_TIERS = 0.25
#: Share of statements with bind variables: the log does not have the values.
BOUND = 0.25
#: Seconds by which each clock is wrong on the first day, and by how many more a day.
CLOCKS = {
    "Windows": (-18, 0.0),
    "VPN": (65, 0.9),
    "JumpServer": (-140, 0.0),
    "badge": (395, 1.7),
    "DBA": (0, 0.0),
}
