# SPDX-License-Identifier: Apache-2.0
"""Who opened a patient's record, and why."""
