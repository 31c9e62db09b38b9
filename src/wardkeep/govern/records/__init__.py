# SPDX-License-Identifier: Apache-2.0
"""What checks of signed records found: each check, each record that differs, and what a person said of it."""
