"""法规与通告关注: what is new is proposed, a person decides whether it concerns the firm and what follows."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from xiejian.kernel import laws
from xiejian.people.policy import Actor
from xiejian.quality import checks as check
from xiejian.quality import proposals, rules
from xiejian.quality.checks import refuse
from xiejian.quality.models import WatchedRule
from xiejian.quality.moves import begun, firm_for, hold_desk, next_numbers, note, step
from xiejian.quality.proposals import Announced, Product, Proposal
from xiejian.registry.models import PartyLink, Registration
from xiejian.supply.models import ProductCard
from xiejian.vigilance import recall_queries


def products_of(firm_uscc: str) -> list[Product]:
    """The firm's own registrations, and what it keeps product cards of."""
    own = Registration.objects.filter(party__uscc=firm_uscc).values_list("product_name", "number")
    cards = ProductCard.objects.filter(firm_uscc=firm_uscc)
    return [Product(name, number) for name, number in own] + [
        Product(*row) for row in cards.values_list("product_name", "registration_no", "di")
    ]


def proposed(firm_uscc: str, on: dt.date) -> list[Proposal]:
    """All laws to be read now, and the recalls that concern the firm; the reasons with each."""
    links = PartyLink.objects.filter(party__uscc=firm_uscc).values_list("link", flat=True).distinct()
    held = set(links)
    found = [proposals.of_law(law, held, rules.topics()) for law in laws.load().to_read(on)]
    goods = products_of(firm_uscc)
    for row in recall_queries.public(on).only(
        "number", "product_name", "decided_on", "holder_uscc", "registration_no", "di"
    ):
        recall = Announced(
            row.number, row.product_name, row.decided_on or on, row.holder_uscc, row.registration_no, row.di
        )
        one = proposals.of_recall(recall, firm_uscc, goods)
        found += [one] if one.reasons else []
    return found


@transaction.atomic
def refresh_watch(*, by: Actor, at: dt.datetime, firm_uscc: str = "") -> list[WatchedRule]:
    """更新: what the firm has not looked at yet, each once; the new ones."""
    firm, on = firm_for(by, firm_uscc), timezone.localdate(at)
    hold_desk(firm)
    known = set(WatchedRule.objects.filter(firm_uscc=firm).values_list("kind", "source", "edition"))
    new = [one for one in proposed(firm, on) if one.key not in known]
    numbers = next_numbers(WatchedRule, firm, on.year, len(new))
    made = WatchedRule.objects.bulk_create(
        WatchedRule(
            number=number, kind=one.kind, source=one.source, edition=one.edition, title=one.title, on=one.on,
            proposed=bool(one.reasons), reasons=list(one.reasons), **begun(WatchedRule, firm, by, at),
        )
        for number, one in zip(numbers, new, strict=True)
    )  # fmt: skip
    if made:
        note("refresh_watch", made[0], by, at, count=len(made))
    return made


@transaction.atomic
def take_up_rule(
    *, rule: WatchedRule, reason: str, action: str, owner: str, due_on: dt.date, by: Actor, at: dt.datetime
) -> WatchedRule:
    """判为有关: what is to be done, who does it, until when."""
    rule, state = step(rule, "take_up_rule", by)
    refuse(
        check.check_given(reason, "判断的理由"),
        check.check_given(action, "要做的事"),
        check.check_given(owner, "负责人"),
        check.check_order("今天", timezone.localdate(at), "完成期限", due_on),
    )
    rule.decision_why, rule.action, rule.owner, rule.due_on = reason, action, owner, due_on
    rule.save()
    note("take_up_rule", rule, by, at, state=state, due_on=due_on)
    return rule


@transaction.atomic
def set_rule_aside(*, rule: WatchedRule, reason: str, by: Actor, at: dt.datetime) -> WatchedRule:
    """判为无关: with the reason; it can be taken up later."""
    rule, state = step(rule, "set_rule_aside", by)
    refuse(check.check_given(reason, "判断的理由"))
    rule.decision_why, rule.due_on = reason, None
    rule.save()
    note("set_rule_aside", rule, by, at, state=state)
    return rule


@transaction.atomic
def carry_out_rule(*, rule: WatchedRule, on: dt.date, result: str, by: Actor, at: dt.datetime) -> WatchedRule:
    """登记落实: what was done, on which day."""
    rule, state = step(rule, "carry_out_rule", by)
    refuse(
        check.check_given(result, "完成情况"),
        check.check_not_in_future(on, timezone.localdate(at), "完成日期"),
    )
    rule.done_on, rule.result = on, result
    rule.save()
    note("carry_out_rule", rule, by, at, state=state, on=on)
    return rule
