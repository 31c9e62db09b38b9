# SPDX-License-Identifier: Apache-2.0
"""Context: the hospital's own tables (people, patients, care, permission), read from the formats that hospitals have."""

from wardkeep.watch.hospital.context import Context, FolderError
from wardkeep.watch.hospital.kinds import context_files, read_context, reread

__all__ = ["Context", "FolderError", "context_files", "read_context", "reread"]
