"""Facts are read from JSON by the types of an action's parameters; what does not fit is refused."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.core.files import File

from visiting import PHOTO
from xiejian.kernel.problems import Refused
from xiejian.people.permissions import FIRM_PERMISSIONS, PERMISSIONS
from xiejian.people.policy import SYSTEM, Actor
from xiejian.record_steps import joined
from xiejian.record_steps.facts import parameters, read_facts
from xiejian.record_steps.firm_kinds import FIRM_KINDS
from xiejian.record_steps.kinds import KINDS


@dataclass(frozen=True)
class Goods:
    name: str
    quantity: Decimal = Decimal(1)


def act(
    *, on: dt.date, goods: Goods, by: Actor, at: dt.datetime, permission: str = "x", number: int = 0,
    parts: Sequence[tuple[dt.date, int]] = (), facts: Mapping[str, Any] | None = None, sure: bool = False,
    until: dt.date | None = None, lines: Sequence[Goods] = (), files: Sequence[File] = (),
) -> None:  # fmt: skip
    """An action with every type of parameter."""


GIVEN = {"on": "2024-03-05", "name": "口罩"}


def read(**given: Any) -> dict[str, Any]:
    return read_facts(act, GIVEN | given, by=SYSTEM)


def codes(**given: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        read(**given)
    return [problem.code for problem in refused.value.problems]


class TestWhatIsRead:
    @pytest.mark.parametrize(
        ("name", "given", "expected"),
        [
            ("on", "2024年3月5日", dt.date(2024, 3, 5)),
            ("number", 3, 3),
            ("parts", [["2024-03-05", 100]], [(dt.date(2024, 3, 5), 100)]),
            ("facts", {"goods_value": "3000"}, {"goods_value": "3000"}),
            ("until", None, None),
            ("lines", [{"name": "口罩", "quantity": "2.5"}], [Goods("口罩", Decimal("2.5"))]),
        ],
    )
    def test_is_of_the_type_that_the_action_takes(self, name, given, expected):
        assert read(**{name: given})[name] == expected

    def test_a_required_group_is_given_field_by_field(self):
        assert read(quantity=2)["goods"] == Goods("口罩", Decimal(2))

    def test_who_acts_when_and_on_what_ground_is_never_asked(self):
        assert {one.name for one in parameters(act)} & {"by", "at", "permission"} == set()


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("name", "given", "code"),
        [
            ("wings", 2, "Y104"),
            ("permission", "cases.view", "Y104"),
            ("on", "2024-02-30", "Y106"),
            ("on", 45000, "Y106"),
            ("number", "3", "Y106"),
            ("number", True, "Y106"),
            ("sure", 1, "Y106"),
            ("name", 7, "Y106"),
            ("name", "口\x00罩", "Y106"),
            ("name", "\ud800", "Y106"),
            ("facts", {"deep": [{"x": "\x00"}]}, "Y106"),
            ("facts", [], "Y106"),
            ("parts", [["2024-03-05"]], "Y106"),
            ("lines", [{"name": "口罩", "quantity": "NaN"}], "Y106"),
            ("lines", [{}], "Y105"),
        ],
    )
    def test_is_what_does_not_fit(self, name, given, code):
        assert codes(**{name: given}) == [code]

    def test_is_told_all_at_once(self):
        assert codes(on="soon", number="3") == ["Y106", "Y106"]

    @pytest.mark.parametrize("origin", [{"kind": "lead", "number": ["x"]}, {"kind": "moon"}, {}, "x"])
    def test_is_an_origin_that_is_not_there(self, db, origin):
        given = {"conduct": "无证经营", "source": "监督检查", "source_on": "2024-03-05", "origin": origin}
        ours = (*KINDS["proceeding"].ours, "party")
        with pytest.raises(Refused) as refused:
            read_facts(joined.register_clue, given, by=SYSTEM, ours=ours)
        assert refused.value.first.code == "Y107"


class TestTheKinds:
    #: Taken by other steps: an evaluation confirms or replaces a result, a list is reported as a whole.
    BY_OTHERS = {"confirm_unchanged", "replace_grade", "report_listing"}
    #: Of a firm: a shipment ships a part or the rest of its order, a payment settles invoices, contracts use
    #: an exception and a void one frees it, readings that fill a gap settle it.
    FIRMS_BY_OTHERS = {
        "ship_part", "ship_rest", "settle_part", "settle_rest", "unsettle_part", "unsettle_all",
        "allocate_rest", "use_exception", "free_exception", "settle_excursion",
    }  # fmt: skip

    @pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
    def test_know_the_action_of_every_step_of_their_tables(self, kind):
        steps = [step for flow in kind.flows for step in flow.transitions]
        named = {step.action for step in steps if step.permission in PERMISSIONS}
        assert named - set(kind.steps) <= self.BY_OTHERS

    @pytest.mark.parametrize("kind", FIRM_KINDS.values(), ids=list(FIRM_KINDS))
    def test_of_firms_know_every_step_that_a_firm_takes(self, kind):
        steps = [step for flow in kind.flows for step in flow.transitions]
        named = {step.action for step in steps if step.permission in FIRM_PERMISSIONS}
        assert named - set(kind.functions) <= self.FIRMS_BY_OTHERS

    @pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
    def test_show_nothing_of_an_informant(self, kind):
        shown = {part for path in (*kind.brief, *kind.more) for part in path.split(".")}
        assert shown & {"informant", "receipt", "sealed", "person_key", "extra"} == set()


class TestAFile:
    def test_is_its_name_and_its_bytes(self):
        (found,) = read(files=[{"name": " 复查.jpg ", "base64": base64.b64encode(PHOTO).decode()}])["files"]
        assert (found.name, found.read()) == ("复查.jpg", PHOTO)

    @pytest.mark.parametrize(
        "given",
        [
            "复查.jpg",
            {"name": "复查.jpg"},
            {"name": "复查.jpg", "base64": "不是"},
            {"name": "复查.jpg", "base64": ""},
            {"name": " ", "base64": "YQ=="},
            {"name": 3, "base64": "YQ=="},
        ],
    )
    def test_that_is_none_is_refused(self, given):
        assert codes(files=[given]) == ["Y106"]
