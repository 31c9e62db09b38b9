# SPDX-License-Identifier: Apache-2.0
"""Live alerts: what was seen while it happened, and what a person did about it."""
