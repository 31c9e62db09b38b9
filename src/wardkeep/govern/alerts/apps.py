# SPDX-License-Identifier: Apache-2.0
"""Live alerts as a Django app."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "wardkeep.govern.alerts"
    label = "alerts"
