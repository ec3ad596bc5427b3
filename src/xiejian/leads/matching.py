"""Whom a lead means, which office it belongs to, and which earlier leads look like the same one."""

from __future__ import annotations

import datetime as dt
import re
from itertools import groupby

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Length

from xiejian.kernel import deadlines
from xiejian.leads import likeness, rules, triage
from xiejian.leads.checks import COMPLAINT
from xiejian.leads.likeness import Seen
from xiejian.leads.models import Lead
from xiejian.leads.triage import Proposal, Reason
from xiejian.numbers import certificates, credit_code
from xiejian.people.models import Office
from xiejian.people.numbering import ENDINGS
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Licence, Party, Registration

#: a complaint is not accepted after this time
TOO_LATE = "CP-8"
#: candidates that a page shows
SHOWN = 5
_CREDIT_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])")
#: a certificate number: some characters of its kind, then a run of figures
_CERTIFICATE = re.compile(r"([一-鿿〔〕（）()\[\]A-Za-z]{0,16})(\d{6,})号?")
#: stands at the end of some certificate numbers; people leave it out
_NUMBER = "号"
_SHORTEST_NAME = 4
_SHORTEST_OFFICE = 2


def _said(lead: Lead) -> str:
    return " ".join([lead.party_named, lead.product, lead.place, lead.text])


def _numbers(text: str) -> set[str]:
    """Everything in the text that may be a certificate number, as the register keys them."""
    found = set()
    for match in _CERTIFICATE.finditer(text):
        before, figures = match.groups()
        tails = [before[at:] + figures for at in range(len(before) + 1)]
        keys = {certificates.plain(tail) for tail in tails}
        found |= keys | {key + _NUMBER for key in keys}
    return found


def find_parties(lead: Lead, actor: Actor) -> list[tuple[Party, str]]:
    """The parties in the actor's reach that a lead may mean, the surest first, each with the reason.

    By credit code, certificate number, name in the text, name as it was given, address; a few queries.
    """
    text, mine = _said(lead), visible(Party.objects.order_by(), actor)
    codes = {c for c in _CREDIT_CODE.findall(text.upper()) if credit_code.read(c).value}
    numbers = _numbers(text)
    licences = Licence.objects.filter(number_key__in=numbers).values("party")
    products = Registration.objects.filter(number_key__in=numbers, party__isnull=False).values("party")
    in_text = mine.annotate(said=Value(text), long=Length("name")).filter(
        said__contains=F("name"), long__gte=_SHORTEST_NAME
    )
    ways: list[tuple[str, QuerySet[Party]]] = []
    if codes:
        ways.append(("写明统一社会信用代码", mine.filter(uscc__in=codes)))
    if numbers:
        ways.append(("写明许可证或者备案编号", mine.filter(pk__in=licences)))
        ways.append(("写明该企业产品的注册证编号", mine.filter(pk__in=products)))
    ways.append(("写明名称", in_text.order_by("-long")))
    if len(lead.party_named.strip()) >= _SHORTEST_NAME:
        ways.append(("名称相近", mine.filter(name__contains=lead.party_named.strip())))
    if len(lead.place.strip()) >= _SHORTEST_NAME:
        ways.append(("地址相符", mine.filter(address__contains=lead.place.strip())))
    found: dict[int, tuple[Party, str]] = {}
    for why, rows in ways:  # at most six ways, each one query
        for party in rows[:SHOWN]:
            found.setdefault(party.pk, (party, why))
    return list(found.values())[:SHOWN]


def find_office(lead: Lead, actor: Actor) -> tuple[str, str]:
    """The office below the actor's whose name or place the text speaks of: (code, the word found)."""
    text = _said(lead)
    found = []
    for office in visible(Office.objects.order_by("code"), actor, "code"):
        word = ENDINGS.sub("", office.name)
        if len(word) >= _SHORTEST_OFFICE and word in text:
            found.append((len(office.code), office.code, word))
    return max(found)[1:] if found else ("", "")


def duplicates(lead: Lead, actor: Actor, person_key: str = "") -> list[tuple[Lead, str]]:
    """Earlier leads in the actor's reach that may be the same one, newest first, each with the reason.

    The same person, the same party or the same product and place within LD-1 days. ``person_key`` is of a
    lead that is not stored yet.
    """
    days = dt.timedelta(days=rules.duplicate_days())
    known = visible(Lead.objects.select_related("party"), actor).exclude(pk=lead.pk).exclude(state="merged")
    rows = known.filter(received_on__range=(lead.received_on - days, lead.received_on + days))
    by_person = Q(informant__person_key=person_key) if person_key else Q(pk__in=())
    by_party = Q(party=lead.party_id) if lead.party_id else Q(pk__in=())
    if lead.party_named.strip():
        by_party |= Q(party_named=lead.party_named.strip())
    by_product = Q(pk__in=())
    if lead.product.strip() and lead.place.strip():
        by_product = Q(product=lead.product.strip(), place=lead.place.strip())
    found: dict[int, tuple[Lead, list[str]]] = {}
    for why, condition in (
        ("同一人反映", by_person), ("同一单位", by_party), ("同一产品和地点", by_product),
    ):  # fmt: skip
        for row in rows.filter(condition).order_by("-received_on", "-id")[:SHOWN]:
            found.setdefault(row.pk, (row, []))[1].append(why)
    for row, why in _at_one_place(lead, known):
        found.setdefault(row.pk, (row, []))[1].append(why)
    ordered = sorted(found.values(), key=lambda pair: (-len(pair[1]), -pair[0].pk))
    return [(row, "、".join(why)) for row, why in ordered[:SHOWN]]


def _at_one_place(lead: Lead, known: QuerySet[Lead]) -> list[tuple[Lead, str]]:
    """Leads of the same place that were still open when this one came, those of the last days first."""
    place = likeness.place_key(lead.place)
    if not place:
        return []
    new = Seen(place, lead.received_on)
    rows = known.filter(place_key=place, received_on__lte=lead.received_on).filter(
        Q(closed_on=None) | Q(closed_on__gte=lead.received_on)
    )
    found = []
    for row in rows.order_by("-received_on", "-id")[:SHOWN]:
        seen = Seen(row.place_key, row.received_on, row.closed_on)
        near = likeness.very_likely(seen, new, rules.near_days())
        found.append((row, f"同一地点，前一件还没有办结{'，相隔很近' if near else ''}"))
    return found


def propose(lead: Lead, actor: Actor, person_key: str = "") -> Proposal:
    """What a lead is about, whom it means, where it belongs and what it repeats, with every reason."""
    proposal = triage.propose(_said(lead), kind=lead.kind, link=lead.link)
    parties = find_parties(lead, actor)
    if parties:
        party = parties[0][0]
        proposal.party, proposal.office_code = party.pk, party.office_code
        links = [name for name in party.link_names.split("|") if name]
        if len(links) == 1 and not lead.link:
            proposal.link = links[0]
            proposal.reasons.append(Reason("link", links[0], f"{party.name}在名录中只有这一环节"))
        proposal.reasons += [Reason("party", party.name, why) for party, why in parties]
        proposal.reasons.append(Reason("office", party.office_code, f"{party.name}归其监管"))
    else:
        code, word = find_office(lead, actor)
        if code:
            proposal.office_code = code
            proposal.reasons.append(Reason("office", code, f"提到“{word}”"))
    if lead.party_id is None and proposal.party:
        lead = Lead(pk=lead.pk, party_id=proposal.party, **{
            name: getattr(lead, name) for name in ("party_named", "product", "place", "received_on")
        })  # fmt: skip
    proposal.reasons += _too_late(lead)
    same = duplicates(lead, actor, person_key)
    proposal.duplicates = [row.pk for row, _ in same]
    proposal.reasons += [Reason("duplicate", row.number, why) for row, why in same]
    return proposal


def _too_late(lead: Lead) -> list[Reason]:
    """A complaint that comes after the time of CP-8; other laws may give more, so an officer decides."""
    if lead.known_on is None or lead.kind not in ("", COMPLAINT):
        return []
    until = deadlines.due(TOO_LATE, lead.known_on).due_legal
    if until is None or lead.received_on <= until:
        return []
    return [Reason("late", "不予受理", f"提出投诉的期间到 {until:%Y-%m-%d} 为止；其他法律另有规定的从其规定")]


def grouped(proposal: dict[str, object]) -> list[tuple[str, list[dict[str, str]]]]:
    """The reasons of a stored proposal by question, for pages."""
    reasons: list[dict[str, str]] = proposal.get("reasons", [])  # type: ignore[assignment]
    order = list(triage.LABELS)
    known = sorted((r for r in reasons if r["question"] in order), key=lambda r: order.index(r["question"]))
    return [
        (triage.LABELS[question], list(rows)) for question, rows in groupby(known, lambda r: r["question"])
    ]
