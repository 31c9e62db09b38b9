# SPDX-License-Identifier: Apache-2.0
"""A file that is sent to the console: held in memory as far as the limit and nowhere else."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

#: Bytes of a file that are taken; a text needs no more than its begin, a workbook is needed whole.
LIMIT = 4 * 1024 * 1024


class InMemory(FileUploadHandler):
    """The only handler of the console: Django's own would write larger files to a folder for temporary ones.

    What is over the limit is read and forgotten; `size` says how much came. One file a request.
    """

    _taken = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self._taken:
            raise SkipFile
        self._taken = True
        self._held = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start < LIMIT:
            self._held.write(raw_data[: LIMIT - start])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self._held.seek(0)
        return InMemoryUploadedFile(
            self._held, self.field_name, self.file_name or "", self.content_type, file_size, self.charset
        )
