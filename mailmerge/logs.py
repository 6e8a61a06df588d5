"""What our processes write to their logs: no address of anybody, and no query of a request.

Our own lines hold ids only. Those of libraries, and tracebacks, quote what they were given: a path with what somebody
searched for, a row PostgreSQL refused.
"""

import logging
import re

ADDRESS = re.compile(r"[^\s<>\"'(=,/]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
QUERY = re.compile(r"(/[^\s?\"'<>]*)\?[^\s\"<>]+")


class Discreet(logging.Formatter):
    """The finished line, tracebacks included, without addresses and queries."""

    def format(self, record: logging.LogRecord) -> str:
        return ADDRESS.sub("…@…", QUERY.sub(r"\1?…", super().format(record)))
