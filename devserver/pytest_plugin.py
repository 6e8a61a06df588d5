"""Brings PostgreSQL and Redis up before Django reads its settings, and takes them down however the run ends.

A plugin named in pyproject.toml: before any conftest is read, pytest-django has loaded the settings.
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
    os.environ.update(scratch.environment())
    yield


def pytest_unconfigure(config: pytest.Config) -> None:
    if SCRATCH in config.stash:
        config.stash[SCRATCH].stop()
