"""Brings up, on one's own machine, what production has as services: PostgreSQL, Redis and our own processes.

For `make demo`, the tests, the benchmarks and the screenshots. Production never imports this package.
"""
