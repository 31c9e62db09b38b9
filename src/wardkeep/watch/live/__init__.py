# SPDX-License-Identifier: Apache-2.0
"""Alerts while it happens: events in small batches as they are heard, alerts out, within a bounded memory and without a clock."""
