# SPDX-License-Identifier: Apache-2.0
"""One access, explained or not."""
