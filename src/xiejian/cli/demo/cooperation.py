"""Two firms of an office connected: a notice with its receipts, a course, what they told about themselves."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.files.base import ContentFile
from django.db.models import Exists, OuterRef

from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.cli.demo.firm_people import people_of
from xiejian.cli.demo.living import picture
from xiejian.firms import exemplary, notices, reports, training
from xiejian.firms.audience import Audience
from xiejian.firms.models import Course, FirmNotice
from xiejian.firms.reports import Told
from xiejian.inspections.models import Correction
from xiejian.kernel.divisions import stem
from xiejian.people.policy import Actor
from xiejian.registry.models import Party

#: days before the office's today on which things happened
_COURSE, _SENT, _ANSWERED, _URGED, _TOLD = 14, 10, 7, 2, 1
_WANTED = 5  # days after today
LOGINS = {"admin": "firm_admin", "head": "firm_head", "quality": "firm_quality"}
TEXT = "请对照质量管理规范，自查冷链设备、温度记录和超温处理情况，答复自查结果，附温度记录的照片。"
READING = (
    "一、收货：核实运输方式和途中温度，记录缺失的拒收或者隔离待处理。\n"
    "二、贮存：分区存放，温度记录连续，报警后先查明影响的批次。\n"
    "三、出库：过期、待验、停用的批次不出库，出库复核留下记录。"
)


def connect_firms(staffed: Staffed) -> int:
    """Connect a distributor and a hospital; the number of firms that got the notice."""
    firms = [party for link in ("经营", "使用") if (party := _first(staffed, link))]
    people = [people_of(party, LOGINS, staffed) for party in firms]
    if not firms:
        return 0
    course = _teach(staffed)
    given = _send(staffed, course, Audience(usccs=tuple(str(party.uscc) for party in firms)))
    _learn(staffed, course, people[0])
    asked = _send(staffed, None, Audience(link="经营"))
    _answer(staffed, asked, people[0], firms[0])
    _tell(staffed, firms, people)
    return given.deliveries.count() + asked.deliveries.count()


def _first(staffed: Staffed, link: str) -> Party | None:
    """A firm of a link with a credit code: of use a hospital, else one that owes an answer."""
    rows = Party.objects.filter(office_code__startswith=stem(staffed.code), links__link=link, status="正常")
    orders = Correction.objects.filter(visit__party=OuterRef("pk"), state="ordered")
    rows = rows.exclude(uscc=None).annotate(owes=Exists(orders)).order_by("-owes", "pk")
    hospital = rows.filter(name__contains="医院").order_by("pk").first() if link == "使用" else None
    return hospital or rows.first()


def _at(staffed: Staffed, before: int, hour: int = 1) -> dict[str, object]:
    return {"at": moment(staffed.today - timedelta(days=before), hour)}


def _teach(staffed: Staffed) -> Course:
    act = {"by": staffed.officer, **_at(staffed, _COURSE)}
    made = training.draft_course(
        title="冷链产品收货、贮存和出库", text=READING, topics=["贮存运输", "采购验收"], questions=5, **act
    )
    return training.open_course(course=made, **act)


def _send(staffed: Staffed, course: Course | None, audience: Audience) -> FirmNotice:
    act = {"by": staffed.officer, **_at(staffed, _SENT)}
    wanted: date = staffed.today + timedelta(days=_WANTED)
    kind, title = (FirmNotice.TASK, "参加冷链培训") if course else (FirmNotice.ASK, "冷链设备自查")
    text = "请组织收货、贮存、出库人员学习并考试。" if course else TEXT
    row = notices.draft_notice(
        kind=kind, title=title, text=text, audience=audience, course=course, wanted_by=wanted, **act
    )
    return notices.send_notice(notice=row, **act)


def _learn(staffed: Staffed, course: Course, people: dict[str, Actor]) -> None:
    """Two people of the first firm read it; one of them sits the examination and passes."""
    for login in ("quality", "admin"):
        training.study_course(course=course, by=people[login], **_at(staffed, _ANSWERED))
    act = {"by": people["quality"], **_at(staffed, _ANSWERED, hour=2)}
    sitting = training.begin_exam(course=course, **act)
    answers = {question.id: sorted(question.answer) for question in training.paper_of(sitting)}
    training.hand_in(sitting=sitting, answers=answers, **act)


def _answer(staffed: Staffed, asked: FirmNotice, people: dict[str, Actor], firm: Party) -> None:
    """The first firm answers with a photo; the others are urged on."""
    delivery = asked.deliveries.get(party=firm)
    photo = ContentFile(picture(firm.name), name="温度记录.png")
    notices.open_delivery(delivery=delivery, by=people["admin"], **_at(staffed, _SENT, hour=3))
    notices.answer_delivery(
        delivery=delivery, answer="已自查冷库两间、冷藏车一辆，温度记录连续，无超温报警。", files=[photo],
        by=people["quality"], **_at(staffed, _ANSWERED),
    )  # fmt: skip
    notices.remind_firms(notice=asked, by=staffed.officer, **_at(staffed, _URGED))


def _tell(staffed: Staffed, firms: list[Party], people: list[dict[str, Actor]]) -> None:
    """A change of staff waits for the office; a report on the business was taken note of; one applies."""
    on = staffed.today - timedelta(days=_TOLD)
    told = Told(
        "staff",
        on,
        position="负责人",
        person_before=firms[0].head,
        person_after="安某",
        text="原负责人退休。",
    )
    reports.submit_report(party=firms[0], told=told, by=people[0]["head"], **_at(staffed, _TOLD))
    last, act = firms[-1], _at(staffed, _ANSWERED)
    business = Told(
        "status", staffed.today - timedelta(days=_ANSWERED), text="业务正常，新增检验科设备两台。"
    )
    row = reports.submit_report(party=last, told=business, by=people[-1]["head"], **act)
    reports.accept_report(report=row, by=staffed.officer, **_at(staffed, _URGED))
    exemplary.apply_as_example(
        party=firms[0], year=staffed.year, text="三年无违法记录，冷链产品全程温度可查，每批可双向追溯。",
        by=people[0]["head"], **_at(staffed, _URGED),
    )  # fmt: skip
