"""The data desk: a campaign's rows as a person looks at them, mends them and takes that back.

verbs       what a person does; each notes what it changed
edits       the log of it: undo, redo
replaying   the log done again in the rows of a new upload
judging     what is wrong with a row after it was changed
grouping    rows of one address: duplicates, or one mail together
reading     a page of rows, filtered, searched and sorted
counting    how many rows of each problem, how many mails
"""

from campaigns.desk.verbs import (
    Gone,
    Role,
    Unfit,
    accept_problem,
    add_row,
    choose_columns,
    choose_grouping,
    leave_out,
    leave_out_problem,
    mend_problem,
    redo,
    remove_rows,
    set_cell,
    take_in,
    undo,
)

__all__ = [
    "Gone",
    "Role",
    "Unfit",
    "accept_problem",
    "add_row",
    "choose_columns",
    "choose_grouping",
    "leave_out",
    "leave_out_problem",
    "mend_problem",
    "redo",
    "remove_rows",
    "set_cell",
    "take_in",
    "undo",
]
