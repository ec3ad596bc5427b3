"""A running server of its own, with a small office in it, that can be killed and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PASSWORD = "a-long-enough-password"
BIN = Path(sys.executable).parent

#: Run by a process of its own: the server's database is never opened by the tests themselves.
SEED = """
import datetime as dt, json, random, sys
import django
django.setup()
from django.utils import timezone
from xiejian.inspections import actions as inspections
from xiejian.inspections.models import Finding, Visit
from xiejian.people import actions
from xiejian.people.models import Office
from xiejian.people.policy import SYSTEM, Actor
from xiejian.registry.models import Licence, Party, PartyLink
from xiejian.registry.search import grams

visits, parties, password = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
now = timezone.now()
for code, name in (("150525", "奈曼旗市场监督管理局"), ("150525100", "大沁他拉市场监督管理所")):
    actions.open_office(code=code, name=name, by=SYSTEM, at=now)
station = Office.objects.get(code="150525100")
team = [
    actions.appoint_officer(username=u, name=n, office=station, role="station_inspector", password=password,
                            by=SYSTEM, at=now)
    for u, n in (("wang", "王检"), ("zhao", "赵检"))
]
dice = random.Random(5)  # no two parties alike: what travels should not shrink more than real names do
han = "安康仁和同济民生百草堂宏达瑞祥永盛德源金桥东方惠众平价益寿华信健民广济福田长春天佑新特药明眸视光口腔宁"
def name(i):
    return f"奈曼旗{''.join(dice.sample(han, 4))}大药房{i:04}"
def number(n):
    return "".join(dice.choices("0123456789", k=n))
rows = Party.objects.bulk_create([
    Party(name=(called := name(i)), uscc=f"9215{number(14)}", division_code="150525",
          office_code=station.code, station=station.name, phone=f"0475-{number(7)}",
          address=f"大沁他拉镇{''.join(dice.sample(han, 3))}街{dice.randrange(900)}号",
          head="".join(dice.sample(han, 3)), search_grams=grams([called]), created_at=now, updated_at=now)
    for i in range(max(visits, parties))
])
codes = [f"68{n:02}" for n in range(1, 78)]
PartyLink.objects.bulk_create([
    PartyLink(party=p, link="经营", classes="23", mode=dice.choice(["零售", "批发"]),
              tags="|无菌|角膜接触镜|" if i % 5 else "|植入|", level=1 + i % 3,
              scope="第二类医疗器械：" + "，".join(sorted(dice.sample(codes, 8))))
    for i, p in enumerate(rows)
])
Licence.objects.bulk_create([
    Licence(party=p, kind="distribution_licence", number=f"蒙通食药监械经营许2024{number(4)}号",
            number_key=f"K{i}", issued_on=dt.date(2024, 1, 1 + i % 28),
            expires_on=dt.date(2029, 1, 1 + i % 28), scope="，".join(sorted(dice.sample(codes, 8))))
    for i, p in enumerate(rows)
])
past = Visit.objects.bulk_create([
    Visit(number=f"旧{i}", party=p, link="经营", kind="日常检查", office_code=station.code,
          state="concluded", visited_on=dt.date(2025, 1 + i % 12, 1 + i % 28), conclusion="限期整改",
          defects=1, inspectors="王检")
    for i, p in enumerate(rows)
])
Finding.objects.bulk_create([
    Finding(visit=v, point="G5-1", clause="医疗器械经营监督管理办法第九条", state="not_conform",
            fact="".join(dice.choices(han, k=24)))
    for v in past
])
by, on = Actor.of(team[0]), timezone.localdate(now)
plan = {"link": "经营", "kind": "日常检查", "team": team}
made = [
    inspections.schedule_visit(party=p, planned_on=on + dt.timedelta(days=i // 25), **plan, by=by, at=now).pk
    for i, p in enumerate(rows[:visits])
]
print(json.dumps({"visits": made, "officers": [o.pk for o in team]}))
"""

ASK = """
import json, sys
import django
django.setup()
from xiejian.inspections.models import *
from xiejian.offline.models import *
from xiejian.people import audit
from xiejian.people.models import *
print(json.dumps(eval(sys.argv[1]), default=str, ensure_ascii=False))
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class FieldServer:
    """``xiejian serve`` on a data folder of its own, on SQLite."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        left_out = ("XIEJIAN_DATABASE_URL", "XIEJIAN_DEMO")
        self.env = {key: value for key, value in os.environ.items() if key not in left_out} | {
            "XIEJIAN_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "xiejian.config.settings",
        }  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *given: str) -> str:
        done = subprocess.run([*given], env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def seed(self, *, visits: int, parties: int) -> dict[str, Any]:
        """An office with so many parties and so many visits, 25 a day from today; ids of both kinds."""
        self.command(str(BIN / "xiejian"), "init")
        return json.loads(self.command(sys.executable, "-c", SEED, str(visits), str(parties), PASSWORD))

    def ask(self, expression: str) -> Any:
        """What the database holds: an expression over the models, evaluated by a process of its own."""
        return json.loads(self.command(sys.executable, "-c", ASK, expression))

    def start(self) -> None:
        """Start and wait until it answers."""
        log, until = self.folder / "serve.log", time.monotonic() + 90
        while time.monotonic() < until:
            # the port of a server that was killed may be taken a moment longer
            if self.process is None or self.process.poll() is not None:
                with log.open("ab") as said:
                    self.process = subprocess.Popen(
                        [str(BIN / "xiejian"), "serve", "--port", str(self.port)], env=self.env,
                        stdout=said, stderr=said, start_new_session=True,
                    )  # fmt: skip
            try:
                with urllib.request.urlopen(f"{self.url}/health/", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise AssertionError(f"the server did not start: {log.read_text('utf-8')[-2000:]}")

    def kill(self) -> None:
        """Kill it with all its processes, in the middle of whatever they do."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
