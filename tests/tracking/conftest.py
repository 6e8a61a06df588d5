import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tracking.edge_process import EdgeProcess
from tests.tracking.visitor import Visitor


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    directory = tmp_path / "spool"
    directory.mkdir()
    visitor = Visitor(directory)
    yield visitor
    visitor.writer.close()


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[EdgeProcess]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    edge = EdgeProcess(tmp_path / "spool", port)
    yield edge
    edge.close()
