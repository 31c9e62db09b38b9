# SPDX-License-Identifier: Apache-2.0
"""Live alerts as people have them: kept, seen, dismissed with a reason."""
