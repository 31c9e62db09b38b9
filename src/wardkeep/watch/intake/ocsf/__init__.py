# SPDX-License-Identifier: Apache-2.0
"""Events in the Open Cybersecurity Schema Framework, 1.x, as JSON."""
