"""When a mail may go: opening hours and weekdays on a clock of some zone, and what a row's own cells say.

Pure are `windows` (hours and weekdays), `zones` (which zone a cell means) and `moments` (which moment a cell means).
`stamping` writes the result to the messages. docs/scheduling.md explains the rules.
"""
