# SPDX-License-Identifier: Apache-2.0
"""Properties are about what is true, not how soon: no deadline for a single example."""

from hypothesis import settings

settings.register_profile("ledger", deadline=None)
settings.load_profile("ledger")
