"""Importing movements from one CSV file on PostgreSQL: our door against Django's bulk_create.

Ours reads the file, judges every row (units, registration, papers, partner, expiry, holds), writes it by COPY
and then settles what a lot shows as a whole (more out than in, two expiries). The peer reads the same file
with csv.DictReader and writes the same columns by ``bulk_create`` in batches of 1,000, judging nothing.
It runs on the first part of the rows and is scaled. The issue asks for a million rows in five minutes:
a slower run fails, whatever the ratio.

    scripts/postgres .venv/bin/python benchmarks/supply_import.py [rows]
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xiejian.config.settings")
django.setup()

from xiejian.people.policy import SYSTEM  # noqa: E402  needs django.setup(), as do the next
from xiejian.registry.models import ImportBatch, Party, PartyLink, Registration  # noqa: E402
from xiejian.supply.importing import import_movements  # noqa: E402
from xiejian.supply.models import Movement, Partner, ProductCard  # noqa: E402

ROWS, PEER_ROWS, NEED, BOUND = 100_000, 20_000, 0.5, 300.0
FIRMS, PRODUCTS, LOTS = 200, 100, 40
AT = dt.datetime(2024, 6, 3, 9, tzinfo=dt.UTC)
HEADINGS = (
    "登记单位信用代码", "类型", "日期", "产品标识", "批号", "数量", "单位", "有效期至", "注册证编号",
    "产品名称", "往来单位信用代码", "往来单位", "单据号", "记录编号",
)  # fmt: skip
KINDS = {"购进验收": "receive", "销售出库": "ship"}


def firm(number: int) -> str:
    return f"91330206MA{number:08d}"


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Made-up deliveries, the same every time: mostly in order, some expired, some short."""
    dice = random.Random(11)
    for i in range(count):
        who, product, lot = dice.randrange(FIRMS), dice.randrange(PRODUCTS), dice.randrange(LOTS)
        on = dt.date(2024, 1, 1) + dt.timedelta(dice.randrange(150))
        kind = "购进验收" if dice.random() < 0.6 else "销售出库"
        until = dt.date(2024, 3, 1) + dt.timedelta(lot * 60 + product)
        other = dice.randrange(FIRMS)
        other = (other + 1) % FIRMS if other == who else other
        yield (
            firm(who), kind, on, f"0697225{product:07d}", f"L{product}-{lot}", dice.randrange(1, 40),
            "箱" if dice.random() < 0.1 else "", until, f"国械注准2020{3140001 + product}", f"产品{product}",
            firm(other), f"单位{other}", f"D{i // 5}", f"R{i}",
        )  # fmt: skip


def world() -> None:
    """An empty store with the firms in the register, their partners and product files."""
    call_command("migrate", verbosity=0, interactive=False)
    for model in (Movement, Partner, ProductCard, PartyLink, Registration, Party, ImportBatch):
        model.objects.all()._raw_delete("default")
    parties = Party.objects.bulk_create(
        Party(
            name=f"单位{n}", uscc=firm(n), division_code="330206", office_code="330206", created_at=AT,
            updated_at=AT,
        )
        for n in range(FIRMS)
    )  # fmt: skip
    PartyLink.objects.bulk_create([PartyLink(party=p, link="经营", classes="23") for p in parties])
    Registration.objects.bulk_create(
        Registration(
            number=f"国械注准2020{3140001 + k}", number_key=f"国械注准2020{3140001 + k}",
            number_kind="current", record_key=str(k), product_name=f"产品{k}", management_class="3",
            approved_on=dt.date(2020, 1, 1), expires_on=dt.date(2025, 1, 1),
        )
        for k in range(PRODUCTS)
    )  # fmt: skip
    Partner.objects.bulk_create(
        Partner(firm_uscc=firm(n), uscc=firm(k), name=f"单位{k}", kind="both", classes="23")
        for n in range(FIRMS)
        for k in range(n, n + 50)
    )
    ProductCard.objects.bulk_create(
        ProductCard(
            firm_uscc=firm(n), di=f"0697225{k:07d}", product_name=f"产品{k}", unit="支", source="import",
            packages=[{"di": "", "unit": "箱", "factor": 20}],
        )
        for n in range(FIRMS)
        for k in range(PRODUCTS)
    )  # fmt: skip


def ours(path: Path) -> dict[str, Any]:
    outcome = import_movements(path=path, by=SYSTEM, at=AT)
    marked = Movement.objects.exclude(marks="|").count()
    return {"loaded": outcome.loaded, "problems": outcome.problems[:2], "marked": marked}


def peer(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8", newline="") as file:
        made = [
            Movement(
                firm_uscc=row["登记单位信用代码"], firm_office_code="330206", kind=KINDS[row["类型"]],
                on=dt.date.fromisoformat(row["日期"]), di=row["产品标识"], lot=row["批号"],
                quantity=int(row["数量"]), expires_on=dt.date.fromisoformat(row["有效期至"]),
                registration_no=row["注册证编号"], product_name=row["产品名称"],
                partner_uscc=row["往来单位信用代码"], partner_name=row["往来单位"],
                document_no=row["单据号"], record_no=row["记录编号"], source="import", at=AT, by_name="x",
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip
    Movement.objects.bulk_create(made, batch_size=1000)
    return {"loaded": len(made)}


def side(name: str, path: Path) -> None:
    """One side in this process: seconds and peak memory as JSON."""
    world()
    started = time.perf_counter()
    answer = (ours if name == "ours" else peer)(path)
    answer["seconds"] = time.perf_counter() - started
    answer["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(answer))


def write(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADINGS)
        out.writerows(rows(count))


def run(count: int = ROWS) -> dict[str, Any]:
    """Both sides; the ratio of their times for the whole file, 0 when a million rows would take too long."""
    part_count = min(count, PEER_ROWS)
    answers = {}
    with tempfile.TemporaryDirectory(prefix="xiejian-bench-") as folder:
        for name, size in (("ours", count), ("peer", part_count)):
            path = Path(folder, f"{name}.csv")
            write(path, size)
            done = subprocess.run(
                [sys.executable, __file__, name, str(path)],
                env={**os.environ, "XIEJIAN_DATA": folder}, capture_output=True, text=True, check=True,
            )  # fmt: skip
            answers[name] = json.loads(done.stdout.splitlines()[-1])
    mine, theirs = answers["ours"], answers["peer"]
    if mine["loaded"] != count:
        raise RuntimeError(f"only {mine['loaded']} of {count} rows were loaded: {mine}")
    scaled = theirs["seconds"] * count / part_count
    million = mine["seconds"] * 1_000_000 / count
    return {
        "name": f"importing {count:,} movements from csv",
        "ratio": scaled / mine["seconds"] if million < BOUND else 0.0,
        "need": NEED,
        "detail": (
            f"{mine['seconds']:.1f} s, a million in {million:.0f} s (bound {BOUND:.0f}), "
            f"{mine['marked']:,} marked, peak {mine['peak_mb']:.0f} MB; bulk_create without any check "
            f"{theirs['seconds']:.1f} s for {part_count:,} rows, scaled to {scaled:.0f} s"
        ),
    }


if __name__ == "__main__":
    if len(sys.argv) > 2:
        side(sys.argv[1], Path(sys.argv[2]))
    else:
        print(run(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
