# SPDX-License-Identifier: Apache-2.0
"""The sources that say who it was: sign-ins, VPN, bastion, doors; and the database audit, which does not. Built on demand."""

from simulate.sources.gather import Sources, gather
from simulate.sources.scenes import Scenes, act, stage, told

__all__ = ["Scenes", "Sources", "act", "gather", "stage", "told"]
