# SPDX-License-Identifier: Apache-2.0
"""Live alerts as a process: what is heard is judged at once, kept, and told."""
