"""消息服务器: readings by way of mosquitto, each stored once, kept while nobody listens."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from paho.mqtt import publish

from chilled import DAY, FIRM, a_logger, refused_with
from xiejian.cli.broker import Listener, address
from xiejian.coldchain.models import Reading

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def broker(tmp_path_factory) -> str:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto to run this test")
    folder, port = Path(tmp_path_factory.mktemp("broker")), _free_port()
    passwords = folder / "passwords"
    passwords.touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(passwords), "gateway", "secret"], check=True)
    settings = [f"listener {port} 127.0.0.1", "allow_anonymous false", f"password_file {passwords}"]
    if os.geteuid() == 0:
        settings.append("user root")
    (folder / "mosquitto.conf").write_text("\n".join([*settings, ""]))
    server = subprocess.Popen(
        [MOSQUITTO, "-c", str(folder / "mosquitto.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 10
    while not _answers(port) and time.monotonic() < deadline:
        time.sleep(0.02)
    yield f"127.0.0.1:{port}"
    server.terminate()
    server.wait(10)


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("XIEJIAN_MQTT_USER", "gateway")
    monkeypatch.setenv("XIEJIAN_MQTT_PASSWORD", "secret")


def send(broker: str, *messages: tuple[str, object]) -> None:
    host, port = address(broker)
    rows = [(f"coldchain/{topic}", json.dumps(payload), 1, False) for topic, payload in messages]
    publish.multiple(rows, host, port, auth={"username": "gateway", "password": "secret"})


@pytest.mark.django_db
class TestTheListener:
    def test_stores_what_the_broker_kept_for_it_each_reading_once(self, broker, account, firm):
        a_logger(firm)
        Listener(broker, "coldchain/+/+", "test").run(0.3)  # from now on the broker keeps what arrives
        reading = {"at": DAY.isoformat(), "celsius": 4.5}
        send(broker, (f"{FIRM}/LK-01", reading), (f"{FIRM}/LK-01", [reading]), (f"{FIRM}/LK-99", reading))
        tally = Listener(broker, "coldchain/+/+", "test").run(0.7)
        assert (tally.messages, tally.stored, tally.refused) == (3, 1, 1)
        assert Reading.objects.get().centi == 450
        assert Listener(broker, "coldchain/+/+", "test").run(0.3).messages == 0  # all were acknowledged

    def test_without_the_password_is_refused(self, broker, firm):
        assert refused_with(Listener(broker, "coldchain/+/+", "other").run, 2) == "CC401"


class TestTheAddress:
    @pytest.mark.parametrize("text", ["", "localhost", "localhost:x", ":1883", "localhost:99999"])
    def test_is_host_and_port(self, text):
        assert refused_with(address, text) == "CC402"

    def test_where_nobody_answers_is_said(self):
        assert refused_with(Listener(f"127.0.0.1:{_free_port()}", "x", "x").run, 1) == "CC401"
