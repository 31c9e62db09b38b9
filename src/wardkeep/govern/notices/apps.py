# SPDX-License-Identifier: Apache-2.0
"""Notices as a Django app."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "wardkeep.govern.notices"
    label = "notices"
