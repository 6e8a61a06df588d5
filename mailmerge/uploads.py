"""How much may be uploaded in one request."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class LimitedUpload(TemporaryFileUploadHandler):
    """Streams files to disk, unless the request says beforehand that it is beyond REQUEST_LIMIT_BYTES: then nothing of
    it is read, and the answer is 400."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        if content_length > settings.REQUEST_LIMIT_BYTES:
            raise RequestDataTooBig("The files of this request are larger than REQUEST_LIMIT_BYTES.")
