# SPDX-License-Identifier: Apache-2.0
"""What comes in: arrivals by system, and what was set aside."""
