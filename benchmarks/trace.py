"""One lot's full trace in 10 million movements over 5,000 firms, against a recursive query on the same table.

Made up, the same every time: makers, dealers and hospitals, everything recorded on both sides of a
delivery, now and then something missing; lots of 30 to 100,000 movements, stored in the order of their
days as a register grows. Ours is what ``xiejian trace --json`` does: read, sum, name, write JSON. The peer
is what one writes in SQL: walk from the makers along the deliveries (WITH RECURSIVE), then sum what each
firm on the way still has. Both must name the same holders with the same quantities.

    scripts/postgres .venv/bin/python benchmarks/trace.py 10000000
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import django
from django.core.management import call_command
from django.db import connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xiejian.config.settings")
django.setup()

from xiejian.people.policy import SYSTEM  # noqa: E402  needs django.setup(), as do the next
from xiejian.supply.models import SIGNS  # noqa: E402
from xiejian.supply.trace import Asked, trace  # noqa: E402

#: in `make bench`; the whole size by option
MOVEMENTS, WHOLE = 1_000_000, 10_000_000
LIMIT_MS = 300
MAKERS, DEALERS, HOSPITALS = 200, 1_000, 3_800
#: movements of a lot, and the share of all movements in lots of that size
SIZES = ((30, 0.1), (500, 0.4), (10_000, 0.3), (100_000, 0.2))
ASKED_OF_A_SIZE = 10
FIRST, DAYS = dt.date(2024, 1, 1), 730
COLUMNS = (
    "firm_uscc", "firm_office_code", "kind", "partner_uscc", "partner_name", "di", "lot", "quantity", "on",
    "expires_on", "product_name", "patient", "record_no",
)  # fmt: skip
Lot = tuple[str, str, int]

RECURSIVE = """
    WITH RECURSIVE reached(firm) AS (
        SELECT firm_uscc FROM supply_movement
        WHERE di = %(di)s AND lot = %(lot)s AND kind = 'make' AND NOT voided
      UNION
        SELECT m.partner_uscc FROM supply_movement m JOIN reached ON m.firm_uscc = reached.firm
        WHERE m.di = %(di)s AND m.lot = %(lot)s AND m.kind = 'ship' AND NOT m.voided
    )
    SELECT m.firm_uscc, SUM(m.quantity * CASE {signs} END) AS held
    FROM supply_movement m JOIN reached ON m.firm_uscc = reached.firm
    WHERE m.di = %(di)s AND m.lot = %(lot)s AND NOT m.voided
    GROUP BY m.firm_uscc HAVING SUM(m.quantity * CASE {signs} END) > 0
""".format(signs=" ".join(f"WHEN m.kind = '{kind}' THEN {sign}" for kind, sign in SIGNS.items()))


def firm(number: int) -> str:
    return f"9{number:017}"


def lots(movements: int) -> Iterator[Lot]:
    """Product, lot and about how many movements it has."""
    numbers = count(1)
    for size, share in SIZES:
        for _ in range(max(1, round(movements * share / size))):
            n = next(numbers)
            yield f"{6_900_000_000_000 + n % 3_000:014}", f"L{n:06}", size


def lot_rows(lot: Lot, dice: random.Random) -> Iterator[tuple[Any, ...]]:
    """The movements of one lot: made, delivered in many portions, used."""
    di, name, size = lot
    made_on = FIRST + dt.timedelta(dice.randrange(DAYS - 200))
    ends = (made_on + dt.timedelta(900)).isoformat()

    def row(who: str, kind: str, quantity: int, other: str = "", later: int = 0) -> tuple[Any, ...]:
        on = made_on + dt.timedelta(later)
        patient = f"p{dice.randrange(10**9)}" if kind == "implant" else ""
        named = f"单位{other[-4:]}" if other else ""
        return (who, "330206", kind, other, named, di, name, quantity, on, ends, f"产品{di[-4:]}", patient)

    maker = firm(dice.randrange(MAKERS))
    dealers = [firm(MAKERS + n) for n in dice.sample(range(DEALERS), min(DEALERS, 1 + size // 200))]
    reach = max(2, min(HOSPITALS // 2, size // 20))
    hospitals = [firm(MAKERS + DEALERS + n) for n in dice.sample(range(HOSPITALS), reach)]
    yield row(maker, "make", size * 40)
    written = 1
    for dealer in dealers:
        yield row(maker, "ship", size * 30 // len(dealers), dealer, 5)
        yield row(dealer, "receive", size * 30 // len(dealers) - (dice.random() < 0.02), maker, 7)
        written += 2
    buys_of = {hospital: dice.choices(dealers, k=2) for hospital in hospitals}
    while written < size:
        hospital = dice.choice(hospitals)
        dealer = dice.choice(buys_of[hospital])
        quantity, later = dice.randrange(1, 12), dice.randrange(10, 190)
        yield row(dealer, "ship", quantity, hospital, later)
        yield row(hospital, "receive", quantity - (dice.random() < 0.01), dealer, later + 1)
        yield row(hospital, dice.choice(("use", "implant")), 1, "", later + 5)
        written += 3


def fill(movements: int) -> list[Lot]:
    """The movements by COPY, then into the table in the order of their days."""
    call_command("migrate", verbosity=0, interactive=False)
    dice, known = random.Random(17), list(lots(movements))
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE supply_movement CASCADE")
        cursor.execute(f"CREATE UNLOGGED TABLE made AS SELECT {columns} FROM supply_movement")
        numbers = count(1)
        with cursor.cursor.copy(f"COPY made ({columns}) FROM STDIN") as copy:
            for lot in known:
                for row in lot_rows(lot, dice):
                    copy.write_row((*row, next(numbers)))
        cursor.execute(f"""
            INSERT INTO supply_movement (
                {columns}, serial, registration_no, document_no, place, source, marks, voided, reason, at,
                by_name)
            SELECT {columns}, '', '', '', '', 'import', '|', false, '', now(), '' FROM made ORDER BY "on"
        """)
        cursor.execute("DROP TABLE made")
        cursor.execute("VACUUM ANALYZE supply_movement")
    return known


def ours(lot: Lot) -> dict[str, int]:
    """The whole answer; its holders for the comparison."""
    answer = trace(SYSTEM, Asked(lot[0], lot[1]), on=FIRST + dt.timedelta(DAYS)).as_json()
    json.dumps(answer, ensure_ascii=False, default=str)
    return {row["uscc"]: row["quantity"] for row in answer["holders"]}


def recursive(lot: Lot) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(RECURSIVE, {"di": lot[0], "lot": lot[1]})
        return dict(cursor.fetchall())


def timed(ask: Callable[[Lot], dict[str, int]], lot: Lot) -> tuple[float, dict[str, int]]:
    started = time.perf_counter()
    found = ask(lot)
    return (time.perf_counter() - started) * 1000, found


def run(movements: int = MOVEMENTS) -> list[dict[str, Any]]:
    """Median of ours against the limit, and the peer's median per ours, over lots of every size."""
    known, dice = fill(movements), random.Random(5)
    mine: dict[int, list[float]] = {}
    peers: dict[int, list[float]] = {}
    for size, _ in SIZES:
        of_size = [lot for lot in known if lot[2] == size]
        for lot in dice.sample(of_size, min(ASKED_OF_A_SIZE, len(of_size))):
            ours(lot), recursive(lot)  # neither waits for the disk
            ms, found = timed(ours, lot)
            peer_ms, expected = timed(recursive, lot)
            if found != expected:
                raise RuntimeError(
                    f"{lot}: {len(found)} holders here, {len(expected)} by the recursive query"
                )
            mine.setdefault(size, []).append(ms)
            peers.setdefault(size, []).append(peer_ms)
    median = statistics.median(ms for times in mine.values() for ms in times)
    peer = statistics.median(ms for times in peers.values() for ms in times)
    by_size = "; ".join(
        f"{size:,} movements: {statistics.median(mine[size]):.0f} ms ({statistics.median(peers[size]):.0f})"
        for size in mine
    )
    return [
        {
            "name": f"full trace of a lot in {movements:,} movements, median under {LIMIT_MS} ms",
            "ratio": LIMIT_MS / median, "need": 1, "detail": f"{median:.0f} ms; lots of {by_size}",
        },
        {
            "name": "the same, against a recursive query for the holders alone, equal holders",
            "ratio": peer / median, "need": 0, "detail": f"recursive query {peer:.0f} ms",
        },
    ]  # fmt: skip


if __name__ == "__main__":
    for result in run(int(sys.argv[1]) if len(sys.argv) > 1 else WHOLE):
        print(result)
