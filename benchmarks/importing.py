"""Importing 200,000 parties from one xlsx: our door against django-import-export.

Both read the same rows into the same three empty tables (party, link, licence) of the same
database. The peer runs with its fastest settings: bulk, no diff, foreign keys from a cache. We
also judge every cell, look for duplicates, write the search text and the audit entry. The peer
runs on the first 20,000 rows and is scaled by the number of rows (its time grows in proportion).
Each side runs in a process of its own, whose peak memory is read at its end.

    scripts/postgres .venv/bin/python benchmarks/importing.py [rows]
"""

from __future__ import annotations

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
from tablib import Dataset

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xiejian.config.settings")
django.setup()

from import_export import fields, resources, widgets  # noqa: E402  needs django.setup(), as do the next

from xiejian.kernel.tabular import write_xlsx  # noqa: E402
from xiejian.people.policy import SYSTEM  # noqa: E402
from xiejian.registry.importing import import_parties  # noqa: E402
from xiejian.registry.models import ImportBatch, Licence, Party, PartyLink  # noqa: E402

ROWS, PEER_ROWS, NEED, MEMORY_MB = 200_000, 20_000, 5, 1024
HEADINGS = (
    "主体名称", "统一社会信用代码", "环节", "管理类别", "经营方式", "证号", "发证日期", "有效期至",
    "品种标签", "行政区划代码", "监管机构", "地址", "法定代表人", "负责人", "电话", "状态",
)  # fmt: skip
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code(number: int) -> str:
    """A made-up code with its right check character."""
    body = f"91150525MA{number:07d}"
    total = sum(ALPHABET.index(c) * w for c, w in zip(body, WEIGHTS, strict=True))
    return body + ALPHABET[(31 - total) % 31]


def rows(count: int) -> Iterator[list[Any]]:
    """Made-up parties, the same every time."""
    dice = random.Random(7)
    towns = [f"1505251{n:02d}" for n in range(12)]
    for i in range(count):
        issued = dt.date(2019, 1, 1) + dt.timedelta(dice.randrange(1800))
        yield [
            f"奈曼旗第{i}号{dice.choice(['大药房', '医疗器械有限公司', '口腔诊所', '眼镜店'])}",
            credit_code(i),
            dice.choice(["经营", "经营", "使用", "网络销售"]),
            dice.choice(["Ⅱ", "Ⅲ", "Ⅱ、Ⅲ", ""]),
            dice.choice(["零售", "批发", ""]),
            f"蒙通辽药监械经营许{issued.year}{i:05d}号"
            if i < 100_000
            else f"蒙通药监械经营备{issued.year}{i - 100_000:05d}号",
            issued,
            issued.replace(year=issued.year + 5, day=min(issued.day, 28)),
            dice.choice(["", "无菌", "无菌、植入", "角膜接触镜"]),
            dice.choice(towns),
            "",
            f"奈曼旗某某街道{dice.randrange(999)}号",
            dice.choice("赵钱孙李周吴") + dice.choice("一二三四五六"),
            dice.choice("赵钱孙李周吴") + dice.choice("一二三四五六"),
            f"138{dice.randrange(10**8):08d}",
            "正常",
        ]


def ours(path: Path) -> dict[str, Any]:
    outcome = import_parties(path=path, by=SYSTEM, at=dt.datetime(2024, 3, 5, tzinfo=dt.UTC))
    return {"loaded": outcome.loaded, "rejected": outcome.rejected, "problems": outcome.problems[:2]}


def peer(path: Path) -> dict[str, Any]:
    """The same rows into the same tables: one resource each, in bulk, parties cached for the foreign keys."""
    moment = dt.datetime(2024, 3, 5, tzinfo=dt.UTC)
    text, day = widgets.CharWidget(coerce_to_string=True, allow_blank=True), widgets.DateWidget()
    owner = widgets.CachedForeignKeyWidget(Party, field="uscc")
    codes = ("uscc", "统一社会信用代码", text)

    def party(instance: Any) -> None:
        instance.created_at = instance.updated_at = moment
        instance.office_code = instance.division_code

    def licence(instance: Any) -> None:
        instance.number_key, instance.kind = instance.number, "distribution_licence"

    tables: list[tuple[Any, tuple[str, ...], list[tuple[str, str, Any]], Any]] = [
        (Party, ("uscc",), [
            codes, ("name", "主体名称", text), ("division_code", "行政区划代码", text),
            ("station", "监管机构", text), ("address", "地址", text), ("head", "负责人", text),
            ("legal_representative", "法定代表人", text),
            ("phone", "电话", text), ("status", "状态", text),
        ], party),
        (PartyLink, ("party", "link"), [
            ("party", "统一社会信用代码", owner), ("link", "环节", text), ("classes", "管理类别", text),
            ("mode", "经营方式", text), ("tags", "品种标签", text), ("issued_on", "发证日期", day),
            ("expires_on", "有效期至", day),
        ], lambda instance: None),
        (Licence, ("number",), [
            ("party", "统一社会信用代码", owner), ("number", "证号", text), ("issued_on", "发证日期", day),
            ("expires_on", "有效期至", day),
        ], licence),
    ]  # fmt: skip
    with path.open("rb") as file:
        data = Dataset().load(file.read(), format="xlsx")
    for model, keys, columns, complete in tables:
        options = {
            "model": model, "fields": tuple(name for name, *_ in columns), "import_id_fields": keys,
            "use_bulk": True, "batch_size": 1000, "skip_diff": True, "report_skipped": False,
        }  # fmt: skip
        body: dict[str, Any] = {
            name: fields.Field(attribute=name, column_name=column, widget=widget)
            for name, column, widget in columns
        }
        body["Meta"] = type("Meta", (), options)
        body["before_save_instance"] = lambda self, instance, row, complete=complete, **k: complete(instance)
        type("Peer", (resources.ModelResource,), body)().import_data(data, raise_errors=True)
    return {"loaded": Party.objects.count()}


def side(name: str, path: Path) -> None:
    """One side in this process: an empty register, the import, seconds and peak memory as JSON."""
    call_command("migrate", verbosity=0, interactive=False)
    for model in (Licence, PartyLink, Party, ImportBatch):
        model.objects.all()._raw_delete("default")
    started = time.perf_counter()
    answer = (ours if name == "ours" else peer)(path)
    answer["seconds"] = time.perf_counter() - started
    answer["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(answer))


def run(count: int = ROWS) -> dict[str, Any]:
    """Both sides; the ratio of their times for the whole file, 0 when our memory passes its bound."""
    with tempfile.TemporaryDirectory(prefix="xiejian-bench-") as folder:
        whole, part = Path(folder, "all.xlsx"), Path(folder, "part.xlsx")
        write_xlsx(whole, "名录", HEADINGS, rows(count))
        part_count = min(count, PEER_ROWS)
        write_xlsx(part, "名录", HEADINGS, (r for r, _ in zip(rows(count), range(part_count), strict=False)))
        env = {**os.environ, "XIEJIAN_DATA": folder}
        answers = {}
        for name, path in (("ours", whole), ("peer", part)):
            done = subprocess.run(
                [sys.executable, __file__, name, str(path)],
                env=env,
                capture_output=True,
                text=True,
                check=True,
            )
            answers[name] = json.loads(done.stdout.splitlines()[-1])
    mine, theirs = answers["ours"], answers["peer"]
    if mine["loaded"] != count:
        raise RuntimeError(f"only {mine['loaded']} of {count} rows were loaded: {mine}")
    scaled = theirs["seconds"] * count / part_count
    return {
        "name": f"importing {count:,} parties from xlsx",
        "ratio": scaled / mine["seconds"] if mine["peak_mb"] < MEMORY_MB else 0.0,
        "need": NEED,
        "detail": (
            f"{mine['seconds']:.1f} s, peak {mine['peak_mb']:.0f} MB (bound {MEMORY_MB}); "
            f"django-import-export {theirs['seconds']:.1f} s for {part_count:,} rows, "
            f"peak {theirs['peak_mb']:.0f} MB, "
            f"scaled to {scaled:.0f} s"
        ),
    }


if __name__ == "__main__":
    if len(sys.argv) > 2:
        side(sys.argv[1], Path(sys.argv[2]))
    else:
        print(run(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
