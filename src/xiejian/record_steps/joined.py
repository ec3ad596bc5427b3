"""Steps that an action takes in another shape than a program gives them: a few lines to join the two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.utils import timezone

from xiejian.cases import enforcing, papers, proceedings, publishing
from xiejian.cases.models import Case, CasePaper, Proceeding, Publication, Remedy
from xiejian.cases.proceedings import Clue
from xiejian.inspections.origins import NONE, Origin
from xiejian.kernel.problems import Catalogue, Refused
from xiejian.people.policy import Actor
from xiejian.registry.models import Party
from xiejian.vigilance import recalls
from xiejian.vigilance.models import Recall
from xiejian.vigilance.recall_checks import Source, Suspicion

#: One line that the public reads: label and value.
Shown = tuple[str, str]
problems = Catalogue(Path(__file__).with_name("problems.toml"))


def register_clue(
    *, clue: Clue, party: Party, by: Actor, at: dt.datetime, procedure: str = "", origin: Origin = NONE
) -> Proceeding:
    """Register where a case comes from; ``origin`` is the record that led to it, in the actor's reach."""
    led = replace(
        clue, source_kind=origin.kind, source_record=origin.record, source_no=clue.source_no or origin.number
    )
    kind = {"procedure_kind": procedure} if procedure else {}
    return proceedings.register_clue(clue=led, party=party, by=by, at=at, **kind)


def end_remedy(
    *, proceeding: Proceeding, on: dt.date, outcome: str, by: Actor, at: dt.datetime, note_text: str = "",
    amounts: Mapping[str, int] | None = None,
) -> Remedy:  # fmt: skip
    """End the review or lawsuit of a proceeding that is still open; Refused Y107 where there is none."""
    remedy = Remedy.objects.filter(proceeding=proceeding, outcome="").first()
    if remedy is None:
        raise Refused(
            problems("Y107", proceeding.number, given=proceeding.number, wanted="未结的复议或者诉讼")
        )
    return enforcing.end_remedy(
        remedy=remedy, on=on, outcome=outcome, by=by, at=at, note_text=note_text, amounts=amounts
    )


def issue_paper(
    *, record: Case | Proceeding, kind: str, issued_on: dt.date, by: Actor, at: dt.datetime,
    values: Mapping[str, Any] | None = None,
) -> CasePaper:  # fmt: skip
    """Issue a paper of a case; ``values`` are added to what the record says."""
    written = papers.values_of(record) | dict(values or {})
    return papers.issue_paper(kind=kind, record=record, values=written, issued_on=issued_on, by=by, at=at)


def draft_publication(
    *, case: Case, by: Actor, at: dt.datetime, content: Sequence[Shown] = ()
) -> Publication:
    """Draft what the public is to read; without ``content`` the summary that the rules propose."""
    lines = [list(line) for line in content] or publishing.proposed_content(case)
    return publishing.draft_publication(case=case, content=lines, by=by, at=at)


def redraft_publication(
    *, publication: Publication, by: Actor, at: dt.datetime, content: Sequence[Shown] = ()
) -> Publication:
    """Draft one anew that was returned or withdrawn."""
    return draft_publication(case=publication.case, content=content, by=by, at=at)


def correct_publication(
    *, publication: Publication, content: Sequence[Shown], reason: str, by: Actor, at: dt.datetime
) -> Publication:
    """Propose another wording of what is public."""
    lines = [list(line) for line in content]
    return publishing.correct_publication(publication=publication, content=lines, reason=reason, by=by, at=at)


def propose_exemption(
    *, publication: Publication, ground: str, note: str, by: Actor, at: dt.datetime
) -> Publication:
    """Propose that a decision be not published."""
    return publishing.propose_exemption(case=publication.case, ground=ground, note=note, by=by, at=at)


def begin_recall(
    *, suspicion: Suspicion, by: Actor, at: dt.datetime, office_code: str = "", level: str = "",
    on: dt.date | None = None, range_text: str = "", received_on: dt.date | None = None,
    source: Source | None = None,
) -> Recall:  # fmt: skip
    """Write down a suspected defect; with a ``level`` order the recall at once.

    ``office_code``: that of whoever acts when empty; ``on``: the day of the order, today when not given.
    """
    office = office_code or by.office_code
    if not level:
        return recalls.open_recall(suspicion=suspicion, office_code=office, source=source, by=by, at=at)
    return recalls.order_recall(
        suspicion=suspicion, level=level, on=on or timezone.localdate(at), office_code=office,
        range_text=range_text, received_on=received_on, source=source, by=by, at=at,
    )  # fmt: skip
