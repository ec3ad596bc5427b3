"""The Beilun office's 2009 as records, written straight into the tables: what its summary must count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from xiejian.cases.models import Case
from xiejian.inspections.models import Visit
from xiejian.inspections.work import record_work
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import LicenceMatter, Party, PartyLink, Registration, RegistrationCheck
from xiejian.sampling.models import Sample

CODE = "330206"
YEAR_END = dt.datetime(2009, 12, 31, 9, 0, tzinfo=dt.UTC)


def day(number: int) -> dt.date:
    """The n-th day of work of 2009, spread over the year."""
    return dt.date(2009, 1, 5) + dt.timedelta(days=7 * (number % 50))


def parties(count: int, name: str, link: str, *, area: str = "医疗器械", **facts: Any) -> list[Party]:
    """``count`` parties in one link."""
    made = Party.objects.bulk_create(
        Party(
            name=f"北仑{name}{number}", area=area, division_code=CODE, office_code=CODE,
            created_at=YEAR_END, updated_at=YEAR_END,
        )
        for number in range(1, count + 1)
    )  # fmt: skip
    PartyLink.objects.bulk_create(PartyLink(party=party, link=link, **facts) for party in made)
    return made


def visits(subjects: Iterable[Party], link: str, kind: str, tags: str = "|") -> None:
    offset = Visit.objects.count()
    Visit.objects.bulk_create(
        Visit(
            number=f"BL2009-{offset + number}", party=party, link=link, kind=kind, tags=tags,
            office_code=CODE, state="concluded", visited_on=day(offset + number), persons=2,
            conclusion="符合",
        )
        for number, party in enumerate(subjects)
    )  # fmt: skip


def matter(link: str, name: str, result: str, count: int = 1, reasons: Iterable[str] = ("",)) -> None:
    reasons = list(reasons) * count
    LicenceMatter.objects.bulk_create(
        LicenceMatter(
            applicant=f"申请人{link}{name}{number}", link=link, matter=name, result=result,
            decided_on=day(number), reason=reason, office_code=CODE,
        )
        for number, reason in enumerate(reasons)
    )  # fmt: skip


def case(number: int, party: Party, link: str, conduct: str, tags: str = "|", **facts: Any) -> None:
    Case.objects.create(
        number=f"仑药监罚〔2009〕{number}号", party=party, link=link, conduct=conduct, tags=tags,
        filed_on=day(number), office_code=CODE, **facts,
    )  # fmt: skip


def _register() -> dict[str, list[Party]]:
    made = {
        "makers": [
            *parties(3, "甲类制造", "生产", classes="3"),
            *parties(5, "乙类制造", "生产", classes="2"),
            *parties(2, "丙类制造", "生产", classes="1"),
            *parties(1, "诊断试剂", "生产", classes="", tags="|体外诊断试剂|"),
        ],
        "distributors": [
            *parties(18, "眼镜店", "经营", classes="3", tags="|角膜接触镜|"),
            *parties(19, "器械公司", "经营", classes="3"),
            *parties(9, "商店", "经营", classes="2"),
        ],
        "hospitals": parties(4, "医院", "使用", unit_kind="二级医院", tags="|植入|"),
        "clinics": parties(1, "诊所", "使用", unit_kind="诊所"),
    }
    parties(5, "药品批发", "经营", area="药品")
    return made


def _certificates(makers: list[Party]) -> None:
    rows = []
    for level, count in (("3", 15), ("2", 46), ("1", 3)):
        for number in range(count):
            new = level == "3" and number == 0
            rows.append(
                Registration(
                    number=f"注准{level}-{number}", number_key=f"{level}-{number}", number_kind="before_2014",
                    record_key=f"{level}-{number}", party=makers[number % len(makers)], registrant="北仑企业",
                    product_name="人工晶体" if new else f"产品{level}-{number}", management_class=level,
                    approved_on=dt.date(2009, 5, 12) if new else dt.date(2007, 5, 12),
                )
            )  # fmt: skip
    Registration.objects.bulk_create(rows)
    RegistrationCheck.objects.bulk_create(
        RegistrationCheck(
            registration=registration, checked_on=day(number), instructions_checked=True,
            consistent=number > 1, problem="" if number > 1 else "说明书与注册证不完全一致", office_code=CODE,
        )
        for number, registration in enumerate(Registration.objects.order_by("id")[:47])
    )  # fmt: skip


def _work() -> None:
    def work(kind: str, title: str, number: int = 1, **facts: Any) -> None:
        record_work(
            kind=kind, title=title, done_on=day(number), office_code=CODE, by=SYSTEM, at=YEAR_END, **facts
        )

    for number, hospital in enumerate(("中心医院", "第二医院")):
        work("不良事件监测任务", "不良事件监测任务", number, quantity=5, unit_name=hospital)
    for number in range(3):
        work("不良事件报告", f"可疑不良事件报告{number}", number)
    Sample.objects.create(
        number="北仑抽样〔2009〕1号", party=Party.objects.filter(links__link="生产").order_by("pk")[0],
        link="生产", kind="县级抽检", state="closed", product_name="人工晶体", items="无菌、热原",
        sampled_on=day(1), result="符合规定", result_on=day(2), final_result="符合规定",
        final_on=day(2), office_code=CODE,
    )  # fmt: skip
    for number in range(5):
        work("主导供应商", f"批发企业{number}", number, category="药品批发企业")
    for number in range(2):
        work("主导供应商", f"卫生院{number}", number, category="街道卫生院")


def record_2009() -> None:
    """Everything that the printed summary of 2009 rests on."""
    made = _register()
    _certificates(made["makers"])
    matter("生产", "注册体系核查", "整改后通过")
    matter("生产", "注册证到期检查", "通过")
    matter("生产", "生产许可到期检查", "通过")
    matter("生产", "注册核查", "存疑上报")
    matter("生产", "开办", "通过")
    matter("经营", "开办", "通过", 5)
    matter("经营", "开办", "驳回", reasons=("角膜接触镜验配条件不落实", "骨科材料库房不符合要求"))
    visits(made["makers"][:6], "生产", "体系核查")
    visits(made["makers"][4:], "生产", "日常检查")
    visits(made["hospitals"], "使用", "日常检查", "|植入|")
    offenders = made["distributors"][:4]
    case(1, offenders[0], "经营", "无证经营医疗器械")
    case(2, offenders[1], "经营", "无证经营医疗器械", "|体验式销售|")
    for number in (3, 4):
        case(
            number, offenders[number - 1], "经营", "无证经营医疗器械", "|角膜接触镜|",
            decided_on=dt.date(2009, 9, 30), fine_fen=500_000, court_enforcement=True,
        )  # fmt: skip
    case(5, made["clinics"][0], "使用", "从非法渠道购进医疗器械")
    _work()
