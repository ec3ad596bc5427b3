"""处罚公示: what the public reads of a penalty, since when, until when; correction, withdrawal, early end.

Whoever drafts does not approve. What is over is not public any more without anybody's doing: ``published``
asks for the day. The term is counted once, when it is published: calendar months and years.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from xiejian.cases import checks as check
from xiejian.cases import paper_facts, papers
from xiejian.cases import publication_rules as rules
from xiejian.cases.checks import problems, refuse
from xiejian.cases.models import Case, Proceeding, Publication, PublicationText
from xiejian.clocks import actions as clocks
from xiejian.kernel import workflow
from xiejian.kernel.problems import Problem
from xiejian.people import audit, numbering
from xiejian.people.policy import Actor, require, visible

WORKFLOW = workflow.load(Path(__file__).with_name("publication_workflow.toml"))
#: what the public reads while somebody thinks about a change
PUBLIC = ("published", "correcting", "withdrawing")
#: steps of the recipe 从轻、减轻 in Proceeding.step
LIGHTER = ("reduced", "lighter")
WITHDRAW = "withdraw"
DRAFT, APPROVE = "cases.edit", "cases.approve"


# --- what is said -------------------------------------------------------------------------------------------


def _proceeding(case: Case) -> Proceeding | None:
    return Proceeding.objects.filter(case=case).first()


def penalty_of(case: Case) -> rules.Penalty:
    """What the decision comes to, as the terms ask for it."""
    found = _proceeding(case)
    return rules.Penalty(
        fine_fen=case.fine_fen + case.personal_fine_fen, confiscated_fen=case.confiscated_fen,
        business_stopped=case.business_stopped, licence_revoked=case.licence_revoked,
        natural_person=bool(found and found.natural_person), lighter=bool(found and found.step in LIGHTER),
    )  # fmt: skip


def _in_one_line(case: Case) -> str:
    said = paper_facts.penalty_words({name: getattr(case, name) for name in paper_facts.DECISION})
    return "；".join(line.rstrip("。") for line in said.splitlines())


def proposed_content(case: Case) -> list[list[str]]:
    """The summary that the public reads, label and value, with what the rules withhold left out."""
    known = papers.values_of(case)
    found = _proceeding(case)
    also = [case.party.phone, *([case.party.address] if found and found.natural_person else [])]
    person = known.get("legal_representative", "") if case.party.uscc else ""
    rows = [
        ("处罚决定书文号", known["decision_no"] or case.number),
        ("当事人", case.party.name),
        ("统一社会信用代码", case.party.uscc or ""),
        ("法定代表人（负责人）", person),
        ("违法行为", case.conduct),
        ("处罚依据", known.get("provision", "")),
        ("处罚内容", _in_one_line(case)),
        ("作出决定的机关", numbering.signing_office(case.office_code)),
        ("决定日期", case.decided_on.isoformat() if case.decided_on else ""),
    ]
    # codes and official numbers are public as they stand: a rule for account numbers must not hide them
    kept = ("处罚决定书文号", "统一社会信用代码", "决定日期")
    return [[k, v if k in kept else rules.withhold(v, also)] for k, v in rows if v]


def _checked(content: Sequence[Sequence[str]]) -> list[list[str]]:
    return [
        [str(label).strip()[:60], str(value).strip()[:4000]] for label, value in content if str(value).strip()
    ]


def personal_left(content: Iterable[Sequence[str]]) -> list[Problem]:
    """What the rules still find in a text that is to be public."""
    kept = ("处罚决定书文号", "统一社会信用代码")
    meanings = {e["id"]: e["meaning"] for e in rules.entries("withhold")}
    return [
        problems("C704", where=label, what=label, found="、".join(meanings[r] for r in hit))
        for label, value in content
        if label not in kept and (hit := rules.personal_in(value))
    ]


# --- moves --------------------------------------------------------------------------------------------------


def _moved(row: Publication, action: str, by: Actor) -> tuple[Publication, list[str]]:
    """The publication, locked, moved along its table by whoever proposes; [state before, after]."""
    found = Publication.objects.select_for_update(of=("self",)).select_related("case__party").get(pk=row.pk)
    before = found.state
    found.state = WORKFLOW.step(before, action, where=found.case.number)
    found.proposed_by = by.username
    return found, [before, found.state]


def _taken(
    row: Publication, action: str, by: Actor, *, second: bool = False
) -> tuple[Publication, list[str]]:
    """As ``_moved``, asking for the permission. ``second``: a decision, not by who proposed it (C701)."""
    require(by, APPROVE if second else DRAFT, row.office_code, where=row.case.number)
    proposed_by = Publication.objects.values_list("proposed_by", flat=True).get(pk=row.pk)
    found, states = _moved(row, action, by)
    if second:
        refuse([problems("C701", where=found.case.number)] if proposed_by == by.username else [])
        found.proposed_by = proposed_by
    return found, states


def _note(action: str, row: Publication, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="publication", key=row.case.number, office_code=row.office_code,
        detail=detail,
    )  # fmt: skip


def _write_text(
    row: Publication, content: Sequence[Sequence[str]], by: Actor, at: dt.datetime, reason: str
) -> None:
    said = _checked(content)
    refuse(
        [problems("C107", where="公示内容", what="公示内容")] if not said else [],
        personal_left(said),
    )
    row.texts.filter(approved_at=None).delete()  # a draft that nobody approved was never public
    last = row.texts.last()
    PublicationText.objects.create(
        publication=row, version=last.version + 1 if last else 1, content=said,
        digest=hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest(),
        reason=reason.strip()[:300], drafted_at=at, drafted_by=by.username,
    )  # fmt: skip


def _approve_text(row: Publication, by: Actor, at: dt.datetime) -> PublicationText:
    text = row.texts.get(approved_at=None)
    text.approved_at, text.approved_by = at, by.username
    text.save(update_fields=["approved_at", "approved_by"])
    return text


@transaction.atomic
def draft_publication(
    *, case: Case, content: Sequence[Sequence[str]], by: Actor, at: dt.datetime
) -> Publication:
    """Draft what the public is to read of a decided case; a returned or withdrawn one is drafted anew.

    Refused: not decided (C109), drafted already (K101), personal data in it (C704).
    """
    require(by, DRAFT, case.office_code, where=case.number)
    Case.objects.select_for_update().only("pk").get(pk=case.pk)
    refuse(check.check_decided(case.decided_on, "公示"))
    row = Publication.objects.filter(case=case).first()
    if row is None:
        row = Publication.objects.create(
            case=case, state=WORKFLOW.start, proposed_by=by.username, office_code=case.office_code
        )
        state = ["", row.state]
    else:
        row, state = _taken(row, "redraft_publication", by)
        row.published_on = row.until_on = row.early_on = row.ended_on = row.effective_on = None
        row.ground = row.note = ""
        row.save()
    _write_text(row, content, by, at, "")
    _note("draft_publication", row, by, at, state=state)
    return row


@transaction.atomic
def approve_publication(
    *, publication: Publication, on: dt.date, by: Actor, at: dt.datetime, lighter: bool | None = None,
    restricted_until: dt.date | None = None,
) -> Publication:  # fmt: skip
    """Publish from ``on``. ``lighter``: decided at the 从轻、减轻 step, as the proceeding says when None.

    Refused: by whoever drafted it (C701), in the future (C102), before the decision (C103).
    """
    row, state = _taken(publication, "approve_publication", by, second=True)
    case = row.case
    refuse(
        check.check_decided(case.decided_on, "公示"),
        check.check_not_in_future(on, timezone.localdate(at), "公示日期"),
        check.check_order_of_dates("决定日期", case.decided_on, "公示日期", on),
    )
    penalty = penalty_of(case)
    if lighter is not None:
        penalty = rules.Penalty(**{**vars(penalty), "lighter": lighter})
    span = rules.span(penalty, on, restricted_until)
    row.published_on, row.until_on, row.early_on, row.term = on, span.until_on, span.early_on, span.rule
    row.save()
    text = _approve_text(row, by, at)
    for name in rules.PUBLISH:
        clocks.finish_clock(subject="case", record=case.pk, name=name, on=on, by=by, at=at)
    _note(
        "approve_publication", row, by, at, state=state, version=text.version, digest=text.digest,
        until_on=span.until_on, term=span.rule,
    )  # fmt: skip
    return row


@transaction.atomic
def return_publication(*, publication: Publication, note: str, by: Actor, at: dt.datetime) -> Publication:
    """Send a draft, or the wish not to publish, back. Refused: no reason (C107), one's own (C701)."""
    row, state = _taken(publication, "return_publication", by, second=True)
    refuse(check.check_given(note, "退回的理由"))
    row.note, row.ground = note.strip()[:300], ""
    row.save()
    _note("return_publication", row, by, at, state=state, note=row.note)
    return row


@transaction.atomic
def propose_exemption(*, case: Case, ground: str, note: str, by: Actor, at: dt.datetime) -> Publication:
    """Ask that a decision is not published. Refused: ground unknown (C702), C107, C109, K101."""
    require(by, DRAFT, case.office_code, where=case.number)
    refuse(
        check.check_decided(case.decided_on, "决定不公示"),
        _check_ground(ground, rules.exemptions()),
        check.check_given(note, "不公示的理由"),
    )
    new = Publication(case=case, state=WORKFLOW.start, proposed_by=by.username, office_code=case.office_code)
    row = Publication.objects.filter(case=case).first() or new
    if row is new:
        row.save()
    row, state = _taken(row, "propose_exemption", by)
    row.ground, row.note = ground, note.strip()[:300]
    row.save()
    _note("propose_exemption", row, by, at, state=state, ground=ground, note=row.note)
    return row


def _check_ground(ground: str, known: dict[str, rules.Ground]) -> list[Problem]:
    if ground in known:
        return []
    return [problems("C702", where="事由", ground=ground, known="、".join(g.meaning for g in known.values()))]


@transaction.atomic
def approve_exemption(*, publication: Publication, on: dt.date, by: Actor, at: dt.datetime) -> Publication:
    """It is not published: the clock of its publication ends. Refused: one's own proposal (C701)."""
    row, state = _taken(publication, "approve_exemption", by, second=True)
    refuse(check.check_not_in_future(on, timezone.localdate(at), "决定日期"))
    row.save()
    clocks.drop_clocks(
        subject="case", record=row.case_id, names=rules.PUBLISH, by=by, at=at,
        reason=f"不公示：{rules.exemptions()[row.ground].meaning}",
    )  # fmt: skip
    _note("approve_exemption", row, by, at, state=state, ground=row.ground)
    return row


@transaction.atomic
def correct_publication(
    *, publication: Publication, content: Sequence[Sequence[str]], reason: str, by: Actor, at: dt.datetime
) -> Publication:
    """Propose another text; the one in force stays public until then. Refused: no reason (C107), C704."""
    row, state = _taken(publication, "correct_publication", by)
    refuse(check.check_given(reason, "更正理由"))
    _write_text(row, content, by, at, reason)
    row.save()
    _note("correct_publication", row, by, at, state=state, reason=reason)
    return row


@transaction.atomic
def approve_correction(*, publication: Publication, by: Actor, at: dt.datetime) -> Publication:
    """The proposed text is in force from now on. Refused: one's own proposal (C701)."""
    row, state = _taken(publication, "approve_correction", by, second=True)
    text = _approve_text(row, by, at)
    row.save()
    _note("approve_correction", row, by, at, state=state, version=text.version, digest=text.digest)
    return row


@transaction.atomic
def refuse_correction(*, publication: Publication, note: str, by: Actor, at: dt.datetime) -> Publication:
    """The text in force stays. Refused: no reason (C107), one's own proposal (C701)."""
    row, state = _taken(publication, "refuse_correction", by, second=True)
    refuse(check.check_given(note, "不同意的理由"))
    row.texts.filter(approved_at=None).delete()
    row.save()
    _note("refuse_correction", row, by, at, state=state, note=note)
    return row


@transaction.atomic
def order_withdrawal(
    *, publication: Publication, ground: str, effective_on: dt.date, note: str, by: Actor, at: dt.datetime
) -> Publication:
    """The decision was changed, revoked, found unlawful or void from ``effective_on``: CS-21 runs from there.

    ``note``: the reasons that the public reads. Refused: C702, C107, C102.
    """
    require(by, DRAFT, publication.office_code, where=publication.case.number)
    return _order_withdrawal(publication, ground, effective_on, note, by, at)


def decision_fell(case: Case, *, ground: str, reason: str, by: Actor, at: dt.datetime) -> None:
    """A review or a lawsuit changed or revoked the decision today: what is public of it is to be withdrawn.

    Part of the action that records it, which has asked for the permission. Nothing where nothing is public.
    """
    row = Publication.objects.filter(case=case, state__in=("published", "correcting")).first()
    if row is not None:
        drafter = (
            row.proposed_by
        )  # nobody proposed it but the law: whoever decided on the remedy may take it off
        row = _order_withdrawal(row, ground, timezone.localdate(at), rules.withhold(reason), by, at)
        row.proposed_by = drafter
        row.save(update_fields=["proposed_by"])


def _order_withdrawal(
    publication: Publication, ground: str, effective_on: dt.date, note: str, by: Actor, at: dt.datetime
) -> Publication:
    row, state = _moved(publication, "order_withdrawal", by)
    refuse(
        _check_ground(ground, rules.withdrawals()),
        check.check_given(note, "撤回的说明"),
        check.check_not_in_future(effective_on, timezone.localdate(at), "生效日期"),
        personal_left([["撤回的说明", note]]),
    )
    row.texts.filter(approved_at=None).delete()
    row.ground, row.note, row.effective_on = ground, note.strip()[:300], effective_on
    row.save()
    clocks.set_clock(
        subject="publication", record=row.pk, name=WITHDRAW, rule=rules.clock_rule(WITHDRAW),
        start=effective_on, title=f"{row.case.number} {row.case.party.name}", office_code=row.office_code,
        by=by, at=at,
    )  # fmt: skip
    _note("order_withdrawal", row, by, at, state=state, ground=ground, effective_on=effective_on)
    return row


@transaction.atomic
def withdraw_publication(*, publication: Publication, on: dt.date, by: Actor, at: dt.datetime) -> Publication:
    """Take it off; the reasons stay public. Refused: one's own proposal (C701), C102, C103."""
    row, state = _taken(publication, "withdraw_publication", by, second=True)
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), "撤回日期"),
        check.check_order_of_dates("生效日期", row.effective_on, "撤回日期", on),
    )
    row.ended_on = on
    row.save()
    clocks.finish_clock(subject="publication", record=row.pk, name=WITHDRAW, on=on, by=by, at=at)
    _note("withdraw_publication", row, by, at, state=state, on=on)
    return row


@transaction.atomic
def refuse_withdrawal(*, publication: Publication, note: str, by: Actor, at: dt.datetime) -> Publication:
    """It stays public. Refused: no reason (C107), one's own proposal (C701)."""
    row, state = _taken(publication, "refuse_withdrawal", by, second=True)
    refuse(check.check_given(note, "不同意的理由"))
    row.ground, row.note, row.effective_on = "", "", None
    row.save()
    clocks.drop_clocks(subject="publication", record=row.pk, names=[WITHDRAW], reason="不撤回", by=by, at=at)
    _note("refuse_withdrawal", row, by, at, state=state, note=note)
    return row


@transaction.atomic
def end_publication(*, publication: Publication, on: dt.date, by: Actor, at: dt.datetime) -> Publication:
    """End it early after a granted repair (``repairing`` asks for the permission and calls this)."""
    row = Publication.objects.select_for_update(of=("self",)).select_related("case").get(pk=publication.pk)
    before = row.state
    row.state = WORKFLOW.step(before, "end_publication", where=row.case.number)
    row.ended_on = on
    row.save()
    _note("end_publication", row, by, at, state=[before, row.state], on=on)
    return row


# --- what is public, what is to be done ---------------------------------------------------------------------


def _in_force() -> Subquery:
    newest = PublicationText.objects.filter(publication=OuterRef("publication"), approved_at__isnull=False)
    return Subquery(newest.order_by("-version").values("pk")[:1])


def published(on: dt.date, *, search: str = "") -> QuerySet[PublicationText]:
    """What the public reads on a day: ``.content`` (label, value), dates in ``.publication``.

    For the portal: every office, no actor. ``search``: party, credit code or number of the case.
    """
    rows = PublicationText.objects.filter(
        pk=_in_force(), publication__state__in=PUBLIC, publication__published_on__lte=on,
        publication__until_on__gte=on,
    )  # fmt: skip
    if text := search.strip():
        party = "publication__case__party__"
        rows = (
            rows.filter(**{f"{party}name__icontains": text})
            | rows.filter(**{f"{party}uscc__iexact": text})
            | rows.filter(publication__case__number__icontains=text)
        )
    return rows.select_related("publication").order_by("-publication__published_on", "-pk")


def withdrawn(on: dt.date) -> QuerySet[Publication]:
    """What was taken off, for the public: ``.case.number``, ``.ended_on`` and the reasons in ``.note``."""
    rows = Publication.objects.filter(state="withdrawn", ended_on__lte=on).select_related("case")
    return rows.order_by("-ended_on", "-pk")


def publications(
    actor: Actor | None, *, state: str = "", search: str = "", on: dt.date
) -> QuerySet[Publication]:
    """Publications in the actor's reach; ``state`` expired: its term is over."""
    rows = visible(Publication.objects.select_related("case__party"), actor)
    if state == EXPIRED:
        rows = rows.filter(state__in=PUBLIC, until_on__lt=on)
    elif state in PUBLIC:
        rows = rows.filter(state=state, until_on__gte=on)
    elif state:
        rows = rows.filter(state=state)
    if text := search.strip():
        rows = rows.filter(case__party__name__icontains=text) | rows.filter(case__number__icontains=text)
    return rows


def unpublished(actor: Actor | None, *, search: str = "") -> QuerySet[Case]:
    """Decided cases that nobody has yet drafted for the public, in the actor's reach."""
    rows = visible(Case.objects.select_related("party"), actor)
    rows = rows.filter(decided_on__isnull=False, publication=None)
    if text := search.strip():
        rows = rows.filter(party__name__icontains=text) | rows.filter(number__icontains=text)
    return rows


EXPIRED = "expired"


def state_words(row: Publication, on: dt.date) -> str:
    """The state in words: 公示期满 where the term is over."""
    return "公示期满" if is_over(row, on) else WORKFLOW.states[row.state]


def is_over(row: Publication, on: dt.date) -> bool:
    """Whether it was public, and its term is over."""
    return row.state in PUBLIC and row.until_on is not None and row.until_on < on
