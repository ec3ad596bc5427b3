"""Draws that are kept: lists and the digest of the seed first, the draw and the seed after.

Whoever runs the draw cannot choose the outcome: the secret seed is made and bound by its digest
before anybody asks for the draw, and a public number of a later hour may be added to it. Whoever
doubts it repeats the draw from what is published.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet

from xiejian.inspections.checklists import minimum_inspectors
from xiejian.inspections.models import Visit
from xiejian.kernel import workflow
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.policy import Actor, require, visible
from xiejian.planning import draws, schedule_facts
from xiejian.planning.draws import problems
from xiejian.planning.models import DrawRun, Recusal
from xiejian.registry import queries as registry

DRAW_FLOW = workflow.load(Path(__file__).with_name("draw_workflow.toml"))
PERMISSION = "planning.schedule"
GONE = "注销"


@dataclass(frozen=True)
class Listed:
    """One entry of a list to draw from and the record behind it, if there is one."""

    entry: str
    key: int | None = None


def parties_to_draw(actor: Actor, *, link: str = "", level: str = "", office: str = "") -> list[Listed]:
    """Parties in business as entries: name and credit code, so that equal names stay apart."""
    rows = registry.parties(actor, link=link, level=level or None, office=office).exclude(status=GONE)  # type: ignore[arg-type]
    found = rows.values_list("pk", "name", "uscc").iterator()
    return [Listed(f"{name} {uscc or ''}".strip(), key) for key, name, uscc in found]


def inspectors_to_draw(actor: Actor, office: str = "") -> list[Listed]:
    """Officers in post who make visits: name and login name."""
    require(actor, "people.view")
    rows = visible(schedule_facts.inspectors_of(office or actor.office_code), actor, "office__code")
    return [Listed(f"{o.name} {o.username}", o.pk) for o in rows]


def conflicts(parties: Sequence[Listed], people: Sequence[Listed]) -> list[list[str]]:
    """Recusals in force among these, as [entry, inspector, reason]. One query."""
    by_party = {p.key: p.entry for p in parties}
    by_person = {p.key: p.entry for p in people}
    rows = Recusal.objects.filter(ended_on__isnull=True, officer__in=[p.key for p in people if p.key])
    return [
        [by_party[party], by_person[officer], reason]
        for officer, party, reason in rows.values_list("officer_id", "party_id", "reason")
        if party in by_party
    ]


def last_teams(parties: Sequence[Listed], people: Sequence[Listed], before: dt.date) -> list[list[str]]:
    """Who of these made the newest visit to each party, as [entry, inspector, …]. Two queries."""
    by_party = {p.key: p.entry for p in parties if p.key}
    by_person = {p.key: p.entry for p in people}
    rows = Visit.objects.filter(
        state="concluded", visited_on__lt=before, team__in=[k for k in by_person if k]
    )
    newest: dict[int, int] = {}
    for party, visit in rows.order_by("visited_on", "pk").values_list("party_id", "pk"):
        if party in by_party:
            newest[party] = visit
    teams: dict[int, list[str]] = {}
    members = Visit.team.through.objects.filter(visit__in=newest.values())
    for visit, officer in members.values_list("visit_id", "officer_id"):
        if officer in by_person:
            teams.setdefault(visit, []).append(by_person[officer])
    return [
        [by_party[party], *sorted(teams[visit])] for party, visit in sorted(newest.items()) if visit in teams
    ]


@transaction.atomic
def commit_draw(
    *,
    title: str,
    office_code: str,
    source: str,
    candidates: Iterable[str],
    excluded: Iterable[str],
    count: int,
    inspectors: Iterable[str] = (),
    avoid: Sequence[Sequence[str]] = (),
    last: Sequence[Sequence[str]] = (),
    secret: str = "",
    by: Actor,
    at: dt.datetime,
) -> DrawRun:
    """Fix everything that a draw follows from, and publish the digest of its secret seed.

    ``inspectors``: none when only parties are drawn. ``secret``: for examples that must come out the same
    every time; otherwise it is made here and nobody knows it. Refused as ``draws.draw`` is (L101–L103),
    and with L611 when there are fewer inspectors than a team has.
    """
    require(by, PERMISSION, office_code)
    out = sorted(set(excluded))
    entries = sorted({entry for entry in candidates if entry not in out})
    secret = secret or secrets.token_hex(16)
    draws.draw(entries, count, secret)  # refuses what could not be drawn; the outcome is not looked at
    people = sorted(set(inspectors))
    if people and len(people) < minimum_inspectors():
        raise Refused(problems("L611", title, party=title, size=minimum_inspectors(), count=len(people)))
    run = DrawRun.objects.create(
        title=title.strip()[:120], office_code=office_code, state=DRAW_FLOW.start, source=source,
        candidates=entries, digest=draws.digest_of(entries), excluded=out, count=count, inspectors=people,
        inspectors_digest=draws.digest_of(people) if people else "", avoid=[list(row) for row in avoid],
        last=[list(row) for row in last], commitment=draws.commitment_of(secret), secret=secret,
        committed_at=at, by_name=by.name,
    )  # fmt: skip
    _note("commit_draw", run, by, at, digest=run.digest, commitment=run.commitment, count=count)
    return run


@transaction.atomic
def reveal_draw(*, run: DrawRun, public: str = "", by: Actor, at: dt.datetime) -> DrawRun:
    """Draw, and publish the seed. ``public``: a number of chance that nobody knew when the digest was out.

    Refused with L610 when it was drawn already, L611 when a party has too few inspectors left.
    """
    require(by, PERMISSION, run.office_code)
    run = DrawRun.objects.select_for_update().get(pk=run.pk)
    if run.state != DRAW_FLOW.start:
        raise Refused(problems("L610", run.title))
    run.state = DRAW_FLOW.step(run.state, "reveal_draw", run.title)
    run.public, run.drawn_at = public.strip()[:200], at
    run.drawn, run.pairs, run.method = outcome(run)
    run.save()
    _note("reveal_draw", run, by, at, public=run.public, seed=run.secret, drawn=run.drawn, pairs=run.pairs)
    return run


def _note(action: str, run: DrawRun, by: Actor, at: dt.datetime, **detail: object) -> None:
    audit.record(
        by=by, at=at, action=action, subject="draw_run", key=str(run.pk), office_code=run.office_code,
        detail={"title": run.title, **detail},
    )  # fmt: skip


def outcome(run: DrawRun) -> tuple[list[str], list[dict[str, object]], str]:
    """What the stored lists and seed give: drawn entries, teams, the method in words."""
    seed = draws.seed_of(run.secret, run.public)
    drawn = list(draws.draw(run.candidates, run.count, seed).drawn)
    if not run.inspectors:
        return drawn, [], draws.METHOD
    size = minimum_inspectors()
    teams = draws.draw_teams(
        drawn, run.inspectors, seed, size=size, avoid=[(row[0], row[1]) for row in run.avoid],
        last={row[0]: row[1:] for row in run.last},
    )  # fmt: skip
    pairs: list[dict[str, object]] = [
        {"party": t.entry, "inspectors": list(t.inspectors), "rotated": t.rotated} for t in teams
    ]
    return drawn, pairs, draws.METHOD + draws.PAIR_METHOD.format(size=size)


def verify(run: DrawRun) -> list[tuple[str, bool]]:
    """Every claim of a kept draw, counted again: (what is claimed, whether it holds)."""
    try:
        drawn, pairs, _ = outcome(run)
    except Refused:
        drawn, pairs = [], []
    claims = [
        ("种子与抽取前公布的承诺一致", draws.commitment_of(run.secret) == run.commitment),
        ("候选名单与抽取前公布的摘要一致", draws.digest_of(run.candidates) == run.digest),
        ("按种子重算，抽中的对象一致", drawn == run.drawn),
    ]
    if run.inspectors:
        claims += [
            ("人员名单与抽取前公布的摘要一致", draws.digest_of(run.inspectors) == run.inspectors_digest),
            ("按种子重算，检查组一致", pairs == run.pairs),
        ]
    return claims


def draw_runs(actor: Actor | None) -> QuerySet[DrawRun]:
    """Kept draws of the actor's office and below, newest first."""
    return visible(DrawRun.objects.all(), actor)
