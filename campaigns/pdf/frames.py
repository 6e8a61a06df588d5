"""How `renderer` and `worker` talk, and what a PDF may be."""

import struct

FRAME = struct.Struct(">cI")  # an answer's kind, and the length of the rest
LENGTH = struct.Struct(">I")  # of a job
MAX_PAGES = 20
