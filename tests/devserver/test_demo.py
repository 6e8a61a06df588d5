"""The demo says what stands in its way, and starts nothing then."""

import socket
import stat
from pathlib import Path

import pytest

from devserver.demo import chosen_ports, only_demo_here, refuse_taken_ports
from devserver.environment import Ports, kept_secrets
from devserver.places import Unavailable


def test_the_ports_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SANDBOX_PORT", "TRACKING_PORT"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PORT", "8100")
    assert chosen_ports() == Ports(web=8100, sandbox=8025, tracking=8001)


@pytest.mark.parametrize("nonsense", ["eighty", "-1", "0", "70000"])
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, nonsense: str) -> None:
    monkeypatch.setenv("TRACKING_PORT", nonsense)
    with pytest.raises(Unavailable, match=f"TRACKING_PORT is '{nonsense}'"):
        chosen_ports()


def test_two_parts_on_one_port_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8100")
    monkeypatch.setenv("TRACKING_PORT", "8100")
    with pytest.raises(Unavailable, match="a port of its own"):
        chosen_ports()


def test_a_taken_port_is_named_with_its_way_out() -> None:
    ports = Ports.free()
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", ports.sandbox))
        squatter.listen()
        with pytest.raises(Unavailable, match=rf"Port {ports.sandbox} is taken.*\n.*make demo SANDBOX_PORT=\d+"):
            refuse_taken_ports(ports)
    refuse_taken_ports(ports)


def test_a_second_demo_of_a_folder_is_refused(tmp_path: Path) -> None:
    with only_demo_here(tmp_path), pytest.raises(Unavailable, match="runs already"), only_demo_here(tmp_path):
        pass
    with only_demo_here(tmp_path):
        pass


def test_secrets_are_made_once_and_kept_private(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    first = kept_secrets(file)
    assert set(first) == {"SECRET_KEY", "ENCRYPTION_KEYS", "TRACKING_KEYS", "SUPPRESSION_KEY"}
    assert kept_secrets(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert kept_secrets(tmp_path / "other.env") != first


def test_a_file_of_an_earlier_version_gets_the_keys_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    file.write_text("SECRET_KEY=kept\n")
    upgraded = kept_secrets(file)
    assert upgraded["SECRET_KEY"] == "kept"
    assert len(upgraded["SUPPRESSION_KEY"]) >= 32
    assert kept_secrets(file) == upgraded
