"""Grade the stored register under a pack: all at once, with the reasons kept; explain one grade.

The set-based answer comes from ``decisions.level_sql`` in DuckDB over the register's facts as Arrow
columns; the one-by-one answer with its trail from ``decisions.grade``. Both read the same rows.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from django.db import transaction
from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from sqlglot import exp, select

from xiejian.cases.models import Case
from xiejian.kernel import conditions, decisions, divisions, packs
from xiejian.kernel.decisions import Graded, Reason
from xiejian.kernel.packs import Duty, Pack
from xiejian.kernel.problems import Catalogue, Problem, Refused
from xiejian.leads.queries import complaint_counts
from xiejian.people import audit
from xiejian.people.policy import Actor, require, visible
from xiejian.planning.models import Grade, GradeRun
from xiejian.registry import planner_statistics
from xiejian.registry.models import PartyLink
from xiejian.sampling.queries import failed_parties

problems = Catalogue(Path(__file__).with_name("problems.toml"))

#: Where each fact of a rule lives: on the link itself or on its party.
_ON_LINK = {"link", "classes", "mode", "unit_kind", "tags", "issued_on", "filed_on", "expires_on"}
_FACTS = [name for name in conditions.FACTS if name != "level"]
_PATHS = [name if name in _ON_LINK else f"party__{name}" for name in _FACTS]
_ARROW = {
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "date": pa.date32(),
}
_SCHEMA = pa.schema(
    [
        ("key", pa.int64()),
        ("party_id", pa.int64()),
        *((name, _ARROW.get(conditions.FACTS[name][0], pa.string())) for name in _FACTS),
    ]
)
_CHUNK = 20_000


@dataclass(frozen=True)
class Explained:
    """Why one party has its level in one link. ``facts`` by Chinese heading, only what is stated.

    ``stored`` is the run that the answer repeats, None when it was computed just now; ``changed``
    says that the pack has been edited since that run.
    """

    level: int | None
    pack: Pack
    on: dt.date
    reasons: list[Reason]
    duties: list[Duty]
    facts: dict[str, Any]
    stored: GradeRun | None
    changed: bool
    notice: Problem | None

    @property
    def unverified(self) -> bool:
        """Whether some rule behind the level has not been checked against its source."""
        return any(reason.unverified for reason in self.reasons)


# --- all at once ----------------------------------------------------------------------------------------


def grade_table(pack: Pack, facts: pa.Table, on: dt.date, keys: tuple[str, ...] = ("key",)) -> pa.Table:
    """Grade every row of an Arrow table at once.

    ``facts``: one row per party and link with the columns ``keys`` and every fact of
    ``conditions.FACTS`` but level (tags as ``|无菌|植入|``). Gives ``keys``, ``level`` (null: none) and
    ``rules``, the ids that spoke, joined by 、 in the order of ``Graded.rules``.
    """
    query = decisions.level_sql(pack, on, "facts", keys)
    masks = [column.alias for column in query.selects if column.alias.startswith("rules_")]
    worded = select(*keys, "level", "rules").from_("graded").join("words", using=masks)
    with duckdb.connect() as connection:
        connection.register("facts", facts)
        connection.execute(exp.Create(this="graded", kind="TABLE", expression=query).sql("duckdb"))
        spoken = connection.sql(select(*masks).distinct().from_("graded").sql("duckdb")).fetchall()
        columns = {mask: pa.array([row[i] for row in spoken], pa.int64()) for i, mask in enumerate(masks)}
        rules = pa.array(["、".join(decisions.decode(pack, on, row)) for row in spoken], pa.string())
        connection.register("words", pa.table({**columns, "rules": rules}))
        return connection.sql(worded.sql("duckdb")).to_arrow_table()


def link_facts(links: QuerySet[PartyLink], on: dt.date, more: Sequence[str] = ()) -> pa.Table:
    """The facts of stored links as an Arrow table with ``key`` (the link) and ``party_id``.

    ``more``: further paths of PartyLink that hold text, each a column of its own. Four queries whatever
    the number: the links with their parties, last year's penalty decisions and failed samples, which
    add to what the register states about 上年度行政处罚 and 上年度抽检不合格, and the complaints of the year
    up to ``on``: the larger of what was received here and what the register states counts.
    """
    last_year = dt.date(on.year - 1, 1, 1), dt.date(on.year - 1, 12, 31)
    recorded = {
        "punished_last_year": set(
            Case.objects.filter(decided_on__range=last_year).order_by().values_list("party_id", flat=True)
        ),
        "failed_sampling_last_year": failed_parties(*last_year),
    }
    places = {2 + _FACTS.index(name): known for name, known in recorded.items()}
    complaints, received = 2 + _FACTS.index("complaints"), complaint_counts(on)
    schema = _SCHEMA
    for path in more:
        schema = schema.append(pa.field(path, pa.string()))
    rows = links.order_by().values_list("pk", "party_id", *_PATHS, *more).iterator(chunk_size=_CHUNK)
    batches = []
    while chunk := list(islice(rows, _CHUNK)):
        columns = [list(column) for column in zip(*chunk, strict=True)]
        for place, known in places.items():
            columns[place] = [
                bool(stated) or party in known
                for stated, party in zip(columns[place], columns[1], strict=True)
            ]
        columns[complaints] = [
            max(stated or 0, received.get(party, 0))
            for stated, party in zip(columns[complaints], columns[1], strict=True)
        ]
        arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
        batches.append(pa.record_batch(arrays, schema=schema))
    return pa.Table.from_batches(batches, schema=schema)


@lru_cache(maxsize=4096)
def duties_of(pack: Pack, rules: str, on: dt.date) -> tuple[Duty, ...]:
    """The duties among rule ids joined by 、 (as ``Grade.rules`` holds them), as of ``on``."""
    wanted = set(rules.split("、"))
    return tuple(row.duty for row in pack.rows_on(on) if row.duty is not None and row.id in wanted)


@transaction.atomic
def grade_register(
    *, on: dt.date, pack_id: str, office_code: str = divisions.NATION, by: Actor, at: dt.datetime
) -> GradeRun:
    """Grade every stored party of an office and those below it, in each of its links.

    Stores a GradeRun with ``counts`` {link: {level or "none": parties}} and one Grade per link with the
    rules that spoke and the facts used; the newest level is copied to the link unless a later date was
    graded already. Refused with K201, K202 (pack), L202 (office) or P101 (permission).
    """
    require(by, "planning.grade", office_code)
    if divisions.stem(office_code) and not divisions.is_known(office_code):
        raise Refused(problems("L202", code=office_code))
    pack = packs.load(pack_id)
    base = divisions.stem(office_code)
    links = visible(PartyLink.objects.all(), by, "party__office_code")
    links = links.filter(party__office_code__startswith=base) if base else links
    facts = link_facts(links, on)
    graded = grade_table(pack, facts, on)
    run = GradeRun.objects.create(
        on=on, pack=pack.id, pack_version=pack.version, office_code=office_code, at=at, by_name=by.name,
        counts=_counts(facts, graded),
    )  # fmt: skip
    _store(run, pack, facts, graded)
    planner_statistics.refresh(facts.num_rows)
    _copy_levels(run)
    audit.record(
        by=by, at=at, action="grade_register", subject="grade_run", key=str(run.pk), office_code=office_code,
        detail={"pack": pack.id, "version": pack.version, "on": on.isoformat(), "counts": run.counts},
    )  # fmt: skip
    return run


@transaction.atomic
def regrade_parties(
    *, parties: Collection[int], fact: str, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> list[GradeRun]:
    """Grade the links of these parties anew because ``fact`` changed, each under its pack of before.

    One run per pack that asks for the fact; a link that was graded for a later day is graded for that day
    again, one that never was stays so. Refused with K201 where a pack is gone, P101.
    """
    links = PartyLink.objects.filter(party__in=parties, level_on__isnull=False).exclude(level_pack="")
    runs = []
    for pack_id, newest in links.order_by().values_list("level_pack").annotate(Max("level_on")):
        pack, own = packs.load(pack_id), links.filter(level_pack=pack_id)
        if fact not in pack.fact_names:
            continue
        office = _above(own.order_by().values_list("party__office_code", flat=True).distinct())
        require(by, "planning.grade", office)
        day = max(on, newest)
        facts = link_facts(own, day)
        graded = grade_table(pack, facts, day)
        run = GradeRun.objects.create(
            on=day, pack=pack.id, pack_version=pack.version, office_code=office, at=at, by_name=by.name,
            counts=_counts(facts, graded), reason=reason[:120],
        )  # fmt: skip
        _store(run, pack, facts, graded)
        _copy_levels(run)
        audit.record(
            by=by, at=at, action="regrade_parties", subject="grade_run", key=str(run.pk), office_code=office,
            detail={"pack": pack.id, "on": day.isoformat(), "reason": reason, "counts": run.counts},
        )  # fmt: skip
        runs.append(run)
    return runs


def _above(offices: Iterable[str]) -> str:
    """The lowest office that all of these offices belong to."""
    codes = set(offices)
    for tier in ("station", "county", "city", "province"):
        held = {divisions.at_tier(code, tier) for code in codes}
        if len(held) == 1:
            return held.pop()
    return divisions.NATION


def _counts(facts: pa.Table, graded: pa.Table) -> dict[str, dict[str, int]]:
    link_of = dict(zip(facts["key"].to_pylist(), facts["link"].to_pylist(), strict=True))
    levels = zip(graded["key"].to_pylist(), graded["level"].to_pylist(), strict=True)
    found = Counter((link_of[key], level) for key, level in levels)
    counts: dict[str, dict[str, int]] = {}
    for link in [name for name in packs.LINKS if any(link == name for link, _ in found)]:
        rows = sorted((-(level or 0), n) for (of, level), n in found.items() if of == link)
        counts[link] = {str(-level) if level else "none": n for level, n in rows}
    return counts


def _store(run: GradeRun, pack: Pack, facts: pa.Table, graded: pa.Table) -> None:
    answers = {
        key: (level, rules)
        for key, level, rules in zip(*(graded[name].to_pylist() for name in graded.column_names), strict=True)
    }
    asked = ["key", *pack.fact_names]

    def grades() -> Iterator[Grade]:
        for batch in facts.select(asked).to_batches(max_chunksize=_CHUNK):
            for row in batch.to_pylist():
                key = row.pop("key")
                level, rules = answers[key]
                yield Grade(run=run, party_link_id=key, level=level, rules=rules, facts=_stated(row))

    made = grades()
    while chunk := list(islice(made, _CHUNK)):
        Grade.objects.bulk_create(chunk, batch_size=2_000)


def _stated(facts: dict[str, Any]) -> dict[str, Any]:
    """What is stated, as JSON: no empty values, dates as ISO text."""
    return {
        name: value.isoformat() if isinstance(value, dt.date) else value
        for name, value in facts.items()
        if value not in (None, "", "|", False, 0)
    }


def _copy_levels(run: GradeRun) -> None:
    """Copy the run's levels to its links, except where a later date has been graded."""
    own = Grade.objects.filter(run=run)
    links = PartyLink.objects.filter(pk__in=own.values("party_link"))
    links.exclude(level_on__gt=run.on).update(
        level=Subquery(own.filter(party_link=OuterRef("pk")).values("level")[:1]),
        level_pack=run.pack,
        level_on=run.on,
    )


# --- one by one -----------------------------------------------------------------------------------------


def explain(link: PartyLink, on: dt.date | None = None, pack_id: str = "") -> Explained | None:
    """Why this link has its level: rules with meaning and clause, facts used, pack and version.

    Without ``on`` and ``pack_id`` the newest stored grade is explained from the facts kept with it; with
    them the answer is computed for that date from today's facts. None when never graded and no pack is
    named. Does not check permission: the caller shows only links that the actor may see.
    """
    if on is None and not pack_id:
        grade = (
            Grade.objects.filter(party_link=link, run__pack=link.level_pack, run__on=link.level_on)
            .select_related("run")
            .order_by("-run__at", "-pk")
            .first()
        )
        return _stored_answer(grade) if grade else None
    pack_id = pack_id or link.level_pack
    if not pack_id:
        return None
    pack, on = packs.load(pack_id), on or link.level_on
    if on is None:
        return None
    (row,) = link_facts(PartyLink.objects.filter(pk=link.pk), on).to_pylist()
    return _explained(pack, on, decisions.grade(pack, row, on), None)


def _stored_answer(grade: Grade) -> Explained:
    pack, on = packs.load(grade.run.pack), grade.run.on
    facts = {
        name: dt.date.fromisoformat(value) if conditions.FACTS[name][0] == "date" else value
        for name, value in grade.facts.items()
    }
    answer = _explained(pack, on, decisions.grade(pack, facts, on), grade.run)
    if not answer.changed:
        return answer
    # the pack was edited since: the stored level and rules stand, worded as the pack words them now
    kept = set(grade.rules.split("、"))
    return Explained(
        level=grade.level,
        pack=pack,
        on=on,
        reasons=[reason for reason in answer.reasons if reason.rule in kept],
        duties=list(duties_of(pack, grade.rules, on)),
        facts=answer.facts,
        stored=grade.run,
        changed=True,
        notice=answer.notice,
    )


def _explained(pack: Pack, on: dt.date, graded: Graded, run: GradeRun | None) -> Explained:
    headings = {name: heading for name, (_, heading) in conditions.FACTS.items()}
    return Explained(
        level=graded.level,
        pack=pack,
        on=on,
        reasons=graded.reasons,
        duties=graded.duties,
        facts={headings[name]: _shown(value) for name, value in _stated(graded.facts).items()},
        stored=run,
        changed=run is not None and run.pack_version != pack.version,
        notice=packs.notice(pack, on),
    )


def _shown(value: Any) -> str:
    if value is True:
        return "是"
    return str(value).strip("|").replace("|", "、")


# --- what pages show ------------------------------------------------------------------------------------


def pyramid(actor: Actor | None, office_code: str = "", area: str = "") -> list[dict[str, Any]]:
    """Parties per link and level: [{"link", "level" (None: not graded), "parties"}], cancelled ones left out.

    Bounded by what ``actor`` may see; ``office_code`` narrows to one office and those below. One query.
    """
    rows = visible(PartyLink.objects.exclude(party__status="注销"), actor, "party__office_code")
    if base := divisions.stem(office_code) if office_code else "":
        rows = rows.filter(party__office_code__startswith=base)
    if area:
        rows = rows.filter(party__area__contains=area)
    counted = rows.order_by().values("link", "level").annotate(parties=Count("pk"))
    order = {link: i for i, link in enumerate(packs.LINKS)}
    return sorted(counted, key=lambda r: (order.get(r["link"], len(order)), -(r["level"] or 0)))


def runs(actor: Actor | None) -> QuerySet[GradeRun]:
    """The grading runs of whole offices that the actor may see, newest first."""
    return visible(GradeRun.objects.filter(reason=""), actor)


def rules_of(links: list[PartyLink]) -> dict[int, tuple[str, bool]]:
    """For a page of links: the rules behind the newest grade, and whether one is not verified. One query."""
    newest = {
        grade.party_link_id: grade
        for grade in Grade.objects.filter(party_link__in=[link.pk for link in links])
        .select_related("run")
        .defer("facts")
        .order_by("run__on", "run__at", "pk")
    }
    found = {}
    for link in links:
        grade = newest.get(link.pk)
        if grade is None:
            continue
        wanted = set(grade.rules.split("、"))
        pack = packs.load(grade.run.pack)
        unverified = any(row.unverified for row in (*pack.rows, *pack.outside) if row.id in wanted)
        found[link.pk] = (grade.rules, unverified)
    return found
