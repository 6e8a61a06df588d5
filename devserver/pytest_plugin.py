"""Brings PostgreSQL and Redis up before Django reads its settings, and takes them down however the run ends.

A plugin named in pyproject.toml: before any conftest is read, pytest-django has loaded the settings. Where the tests
are shared out to several processes (pytest-xdist), each has servers of its own, and the process that shares them out
has them too: it reads the settings all the same.
"""

import os
from collections.abc import Generator

import pytest

from devserver.messages import compile_messages
from devserver.places import Unavailable
from devserver.scratch import Scratch

SCRATCH = pytest.StashKey[Scratch]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    compile_messages()
    scratch = Scratch()
    early_config.stash[SCRATCH] = scratch
    try:
        scratch.start()
    except Unavailable as problem:
        scratch.stop()
        raise pytest.UsageError(str(problem)) from problem
    environment = scratch.environment()
    given = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    yield
    if shares_out(early_config):  # its processes find the environment as we found it
        for name, value in given.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def shares_out(config: pytest.Config) -> bool:
    """Whether the tests are run by other processes."""
    return bool(getattr(config.known_args_namespace, "numprocesses", None)) and "PYTEST_XDIST_WORKER" not in os.environ


def pytest_unconfigure(config: pytest.Config) -> None:
    if SCRATCH in config.stash:
        config.stash[SCRATCH].stop()
