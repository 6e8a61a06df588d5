"""The user's own file, given again, with columns added to it and everything else as it was.

``fill`` does it in this process, ``child.fill_in_child`` in a limited process of its own (for everything uploaded).
"""

from campaigns.workbook.errors import NotTheSameTable, NotWritable, WorkbookError
from campaigns.workbook.filling import fill
from campaigns.workbook.structure import Report, Results, Structure

__all__ = ["NotTheSameTable", "NotWritable", "Report", "Results", "Structure", "WorkbookError", "fill"]
