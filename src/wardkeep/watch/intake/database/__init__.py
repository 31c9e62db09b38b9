# SPDX-License-Identifier: Apache-2.0
"""The audit files that database servers write themselves: MariaDB and MySQL, PostgreSQL. One module a format."""
