# SPDX-License-Identifier: Apache-2.0
"""One page a week for the head of a department."""
