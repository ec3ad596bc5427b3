"""Readings from a message broker (MQTT 3.1.1): collected, stored together, then acknowledged.

A message is acknowledged after its readings are in the store: what arrives while the store is away comes
again. A reading that comes twice is stored once.
"""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import close_old_connections, connection
from django.utils import timezone

from xiejian.coldchain import actions
from xiejian.coldchain.checks import problems
from xiejian.coldchain.messages import place_of, read_payload
from xiejian.coldchain.reading_files import Measured
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM

try:
    from paho.mqtt import client as mqtt
except ImportError:  # pragma: no cover - depends on how the package was installed
    mqtt = None

#: Messages of one write, and the longest that one waits for others.
TOGETHER, WAIT = 1000, 0.25
#: Seconds between two looks at which loggers have gone silent.
SILENCE_EVERY = 60


@dataclass
class Tally:
    """What the listener has done so far."""

    messages: int = 0
    stored: int = 0
    unchanged: int = 0
    marked: int = 0
    refused: int = 0
    excursions: set[int] = field(default_factory=set)

    def as_json(self) -> dict[str, object]:
        return {**vars(self), "excursions": sorted(self.excursions)}


def address(broker: str) -> tuple[str, int]:
    """Host and port of ``host:port``; Refused CC402."""
    host, colon, port = broker.rpartition(":")
    if not (host and colon and port.isdecimal() and 0 < int(port) < 65536):
        raise Refused(problems("CC402", broker, broker=broker))
    return host, int(port)


class Listener:
    """Listens to one broker. Account, password and certificates come from the environment:

    XIEJIAN_MQTT_USER, XIEJIAN_MQTT_PASSWORD, XIEJIAN_MQTT_CA (switches TLS on), XIEJIAN_MQTT_CERT and
    XIEJIAN_MQTT_KEY. The broker keeps what arrives for ``client_id`` while nobody listens.
    """

    def __init__(self, broker: str, topic: str, client_id: str) -> None:
        if mqtt is None:
            raise Refused(problems("CC403", broker))
        self.broker, self.topic, self.tally = broker, topic, Tally()
        self.where = address(broker)
        self._waiting: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self._refused = ""
        self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False,
            protocol=mqtt.MQTTv311, manual_ack=True,
        )  # fmt: skip
        self._client.on_connect = self._connected
        self._client.on_message = lambda client, data, message: self._waiting.put(message)
        self._secure()

    def _secure(self) -> None:
        given = os.environ.get
        if user := given("XIEJIAN_MQTT_USER"):
            self._client.username_pw_set(user, given("XIEJIAN_MQTT_PASSWORD") or None)
        if authority := given("XIEJIAN_MQTT_CA"):
            cert, key = given("XIEJIAN_MQTT_CERT") or None, given("XIEJIAN_MQTT_KEY") or None
            self._client.tls_set(ca_certs=authority, certfile=cert, keyfile=key)

    def _connected(
        self, client: mqtt.Client, data: object, flags: object, code: object, more: object
    ) -> None:
        """At every connection, also after one was lost."""
        if getattr(code, "is_failure", False):
            self._refused = str(code)
        else:
            client.subscribe(self.topic, qos=1)

    def run(self, seconds: float | None = None) -> Tally:
        """Listen for so long (None: until interrupted). Refused CC401 when there is no such broker."""
        try:
            self._client.connect(*self.where, keepalive=30)
        except (OSError, ValueError) as error:
            raise Refused(problems("CC401", self.broker, broker=self.broker, why=str(error))) from None
        self._client.loop_start()
        try:
            self._listen(seconds)
        except KeyboardInterrupt:
            pass  # the way to end it; what was not acknowledged comes again
        finally:
            self._client.disconnect()
            self._client.loop_stop()
        return self.tally

    def _listen(self, seconds: float | None) -> None:
        started = looked = time.monotonic()
        while seconds is None or time.monotonic() - started < seconds:
            if self._refused:
                raise Refused(problems("CC401", self.broker, broker=self.broker, why=self._refused))
            if batch := self._collect():
                self._store(batch)
            if time.monotonic() - looked > SILENCE_EVERY:
                looked = time.monotonic()
                found = actions.note_silence(by=SYSTEM, at=timezone.now())
                self.tally.excursions |= {one.pk for one in found}

    def _collect(self) -> list[mqtt.MQTTMessage]:
        """What arrives within a moment, so many at most."""
        found, until = [], time.monotonic() + WAIT
        while len(found) < TOGETHER and (left := until - time.monotonic()) > 0:
            try:
                found.append(self._waiting.get(timeout=left))
            except queue.Empty:
                break
        return found

    def _store(self, batch: Iterable[mqtt.MQTTMessage]) -> None:
        if not connection.in_atomic_block:
            close_old_connections()  # the database may have dropped one that stood idle
        zone, entries = timezone.get_current_timezone(), []
        for message in batch:
            self.tally.messages += 1
            firm, code = place_of(message.topic)
            for one in read_payload(message.payload, zone, code):
                if isinstance(one, Measured):
                    entries.append((firm, one))
                else:
                    self.tally.refused += 1
        if entries:
            received = actions.record_readings(
                entries=entries, by=SYSTEM, at=timezone.now(), most=len(entries)
            )  # fmt: skip
            self.tally.stored += received.stored
            self.tally.unchanged += received.unchanged
            self.tally.marked += received.marked
            self.tally.refused += len(received.refused)
            self.tally.excursions |= {one.pk for one in received.excursions}
        for message in batch:
            self._client.ack(message.mid, message.qos)
