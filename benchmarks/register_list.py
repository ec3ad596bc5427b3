"""The first page of the register at 1.5 million parties: our list against the Django admin's change list.

Filtered by link and status, searched by a part of the name (2 to 4 characters), sorted by name,
50 rows with their links, and the right count: on PostgreSQL, both on the same tables. The admin
runs its own ChangeList with search fields and list filters, as its page does. Second result: the
95th percentile of our page's reads with 10 users asking without a pause.

    scripts/postgres .venv/bin/python benchmarks/register_list.py [parties]
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import django
from django.core.management import call_command
from django.db import connection
from django.test import RequestFactory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xiejian.config.settings")
from xiejian.config import settings

settings.INSTALLED_APPS.append("django.contrib.admin")
django.setup()

from django.contrib.admin import ModelAdmin, site  # noqa: E402  needs django.setup(), as do the next

from xiejian.people.policy import SYSTEM  # noqa: E402
from xiejian.registry import queries  # noqa: E402
from xiejian.registry.models import Party  # noqa: E402
from xiejian.registry.search import grams  # noqa: E402

PARTIES, NEED, P95_MS, USERS, ASKED = 1_500_000, 10, 150, 10, 30
PLACES = ("奈曼", "独山", "北仑", "池州", "通辽", "黔南", "库伦", "都匀", "镇海", "贵池")
FIRST = "康平安百仁同益济民万福瑞祥德和泰华新健宝恒信正阳永惠博爱天元"
SECOND = "泰安康姓济仁堂生源宁达盛兴隆昌顺丰和润芝林春民健裕泽恩信诚美"
#: some 1,700 of 1.5 million parties share one
BRANDS = [a + b for a in FIRST for b in SECOND]
ENDINGS = ("大药房", "医疗器械有限公司", "口腔诊所", "眼镜店", "医院", "门诊部", "医疗美容门诊部")
LINKS = ("经营", "经营", "使用", "网络销售")
Answer = Callable[[str], tuple[int, list[str]]]


def parties(count: int) -> Iterator[tuple[int, str, str, str, str]]:
    """key, name, office, link, status: made up, the same every time."""
    dice = random.Random(11)
    for i in range(count):
        name = f"{dice.choice(PLACES)}{dice.choice(BRANDS)}{dice.choice(ENDINGS)}{i}号店"
        office = f"{dice.choice(['1505', '5227', '3302', '3417'])}{dice.randrange(1, 40):02d}"
        yield i + 1, name, office, dice.choice(LINKS), "注销" if dice.random() < 0.1 else "正常"


def questions() -> list[str]:
    """What the users type, different each time."""
    dice = random.Random(5)
    found = []
    for _ in range(USERS * ASKED):
        brand = dice.choice(BRANDS)
        found.append(dice.choice([brand, brand + dice.choice("大医口眼"), f"{dice.choice(PLACES)} {brand}"]))
    return found


def fill(count: int) -> None:
    """The parties and one link each, by COPY; the search index is built once all rows are there."""
    call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE registry_party CASCADE")
        cursor.execute("DROP INDEX IF EXISTS registry_party_pairs")
        columns = "id int, name text, office text, link text, status text, grams text"
        cursor.execute(f"CREATE TEMP TABLE made ({columns})")
        with cursor.cursor.copy("COPY made FROM STDIN") as copy:
            for row in parties(count):
                copy.write_row((*row, grams([row[1]])))
        cursor.execute("""
            INSERT INTO registry_party (
                id, name, area, division_code, office_code, station, address, warehouse_address,
                legal_representative, head, phone, stores_for_others, consultation_focus, qms_state,
                credit_grade, bad_credit, complaints, status, extra, search_grams, link_names,
                created_at, updated_at)
            SELECT id, name, '医疗器械', office, office, '', '', '', '', '', '', false, false, '', '', '', 0,
                status, '{}', grams, '|' || link || '|', now(), now() FROM made
        """)
        cursor.execute("""
            INSERT INTO registry_partylink (
                party_id, link, classes, mode, unit_kind, tags, scope, level, level_pack)
            SELECT id, link, '2', '', '', '|', '', 1 + id % 4, '' FROM made
        """)
        pairs = "string_to_array(search_grams, ' ')"
        cursor.execute(f"CREATE INDEX registry_party_pairs ON registry_party USING gin ({pairs})")
        cursor.execute("VACUUM ANALYZE registry_party")
        cursor.execute("VACUUM ANALYZE registry_partylink")


def ours(asked: str) -> tuple[int, list[str]]:
    """Count and first page as the register's page reads them."""
    rows = queries.parties(SYSTEM, search=asked, link="经营", status="正常", sort="name")
    page = queries.page(queries.with_links(rows))
    return page.total, [party.name for party in page.items]


class Everybody:
    """Who may see the admin's page."""

    is_active = is_staff = is_superuser = is_authenticated = True
    pk = 1

    def has_perm(self, *args: Any) -> bool:
        return True


class PartyAdmin(ModelAdmin):
    """The register in the admin."""

    list_display = ("name", "uscc", "office_code", "status")
    search_fields = ("name", "uscc")
    list_filter = ("links__link", "status")
    list_per_page = 50
    ordering = ("name",)


def admin_list(asked: str) -> tuple[int, list[str]]:
    """The admin's change list for the same question."""
    query = {"q": asked, "links__link__exact": "经营", "status__exact": "正常"}
    request = RequestFactory().get("/", query)
    request.user = Everybody()  # type: ignore[assignment]
    found = PartyAdmin(Party, site).get_changelist_instance(request)
    return found.result_count, [party.name for party in found.result_list]


def timed(function: Answer, asked: list[str]) -> tuple[list[float], list[tuple[int, list[str]]]]:
    """Milliseconds and answer of each question."""
    times, answers = [], []
    for text in asked:
        started = time.perf_counter()
        answers.append(function(text))
        times.append((time.perf_counter() - started) * 1000)
    return times, answers


def user(number: int) -> None:
    """One of the parallel users: its times in ms as JSON."""
    ours(BRANDS[0])  # connection and first use are not the list's time
    print("ready", flush=True)
    sys.stdin.readline()
    asked = questions()[number * ASKED : (number + 1) * ASKED]
    print(json.dumps(timed(ours, asked)[0]))


def parallel() -> list[float]:
    """The times of all users, started together."""
    started = [
        subprocess.Popen(
            [sys.executable, __file__, "user", str(i)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(USERS)
    ]
    for process in started:
        process.stdout.readline()  # type: ignore[union-attr]
    for process in started:
        process.stdin.write("go\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    return [ms for process in started for ms in json.loads(process.communicate()[0].splitlines()[-1])]


def run(count: int = PARTIES) -> list[dict[str, Any]]:
    """Ratio of the medians on the same questions with the same answers; p95 under parallel users."""
    fill(count)
    asked = questions()[:20]
    ours(asked[0]), admin_list(asked[0])
    mine, answers = timed(ours, asked)
    theirs, expected = timed(admin_list, asked[:6])
    for text, got, wanted in zip(asked, answers, expected, strict=False):
        if got[0] != wanted[0]:
            raise RuntimeError(f"{text}: {got[0]} parties here, {wanted[0]} in the admin")
    p95 = statistics.quantiles(parallel(), n=20)[-1]
    return [
        {
            "name": f"first page of the register at {count:,} parties",
            "ratio": statistics.median(theirs) / statistics.median(mine),
            "need": NEED,
            "detail": f"median {statistics.median(mine):.0f} ms, admin change list "
            f"{statistics.median(theirs):.0f} ms; filtered by link and status, searched, sorted, counted",
        },
        {
            "name": f"the same, 95th percentile at {USERS} parallel users under {P95_MS} ms",
            "ratio": P95_MS / p95,
            "need": 1,
            "detail": f"{p95:.0f} ms",
        },
    ]


if __name__ == "__main__":
    if len(sys.argv) > 2:
        user(int(sys.argv[2]))
    else:
        for result in run(int(sys.argv[1]) if len(sys.argv) > 1 else PARTIES):
            print(result)
