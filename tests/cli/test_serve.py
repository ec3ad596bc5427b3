"""serve: the address must be free before anything starts."""

from __future__ import annotations

import socket

import pytest

from xiejian.cli.server import check_free
from xiejian.kernel.problems import Refused


@pytest.fixture
def taken():
    """A port on which another server listens, ready to share it as servers with several workers do."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def refusal(host: str, port: int) -> str:
    with pytest.raises(Refused) as refused:
        check_free(host, port)
    return refused.value.problems[0].code


def test_a_port_that_another_server_holds_is_refused(taken):
    assert refusal("127.0.0.1", taken) == "X503"


def test_an_address_of_another_machine_is_refused():
    assert refusal("192.0.2.1", 8000) == "X504"


def test_a_port_whose_server_has_gone_is_free():
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        gone.listen()
        port = gone.getsockname()[1]
    check_free("127.0.0.1", port)
