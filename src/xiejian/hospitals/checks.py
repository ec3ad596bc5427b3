"""Every refusal of the hospital room, and what is judged without asking the store: facts in, problems out."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from xiejian.hospitals import rules
from xiejian.kernel.problems import Catalogue, Problem, Refused
from xiejian.numbers.udi_record import Udi

problems = Catalogue(Path(__file__).with_name("problems.toml"))
#: Larger than these are slips of the finger.
MOST_MONTHS, MOST_YEARS = 240, 60
MOST_RECORD_NO = 40
_IDENTITY = re.compile(r"\d{17}[\dXx]|1[3-9]\d{9}")


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if all_found := [problem for check in found for problem in check]:
        raise Refused(all_found)


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("HO101", what, what=what)]


def check_known(given: str, known: Iterable[str], what: str) -> list[Problem]:
    return [] if given in known else [problems("HO104", what, given=given, what=what, known="、".join(known))]


def check_not_in_future(on: dt.date | None, today: dt.date, what: str) -> list[Problem]:
    """Nothing is recorded before it has happened; an unknown date refuses nothing."""
    return [] if on is None or on <= today else [problems("HO102", what, what=what, on=on, today=today)]


def check_order_of_dates(
    earlier: str, earlier_on: dt.date | None, later: str, later_on: dt.date | None
) -> list[Problem]:
    """The later thing is not dated before the earlier one; an unknown date refuses nothing."""
    if earlier_on is None or later_on is None or earlier_on <= later_on:
        return []
    return [problems("HO103", later, earlier=earlier, earlier_on=earlier_on, later=later, later_on=later_on)]


# --- devices -----------------------------------------------------------------------------------------------


def check_focus(given: Sequence[str]) -> list[Problem]:
    known = rules.focuses()
    return [p for one in given for p in check_known(one, known, "重点类别")]


def check_life(years: int | None) -> list[Problem]:
    if years is None or 1 <= years <= MOST_YEARS:
        return []
    return [problems("HO113", "使用期限（年）", years=years, most=MOST_YEARS)]


def check_interval(months: int) -> list[Problem]:
    return [] if 1 <= months <= MOST_MONTHS else [problems("HO109", "间隔", months=months, most=MOST_MONTHS)]


def check_price(fen: int | None) -> list[Problem]:
    return [] if fen is None or fen >= 0 else [problems("HO115", "购置价格")]


def check_certificate(kind: str, passed: bool, certificate_no: str, until: dt.date | None) -> list[Problem]:
    """A metering device that passed has a certificate that says until when."""
    if kind not in rules.METERING_KINDS or not passed:
        return []
    missing = [what for what, value in (("证书编号", certificate_no.strip()), ("有效期", until)) if not value]
    return [problems("HO106", what, what=what) for what in missing]


def check_metered(focus: Sequence[str], until: dt.date | None, on: dt.date) -> list[Problem]:
    """A metering device is not put into use without a certificate in force (计量法第九条)."""
    if rules.METERING not in focus or (until and until >= on):
        return []
    return [problems("HO107", "检定校准有效期至", until=until or "没有证书")]


def check_repaired(passed: bool | None) -> list[Problem]:
    """What was sent to repair returns into use only after a repair that it passed (18号令第十九条)."""
    last = {None: "没有记录", False: "不合格"}
    return [] if passed else [problems("HO108", "维修记录", last=last[passed])]


def later(day: dt.date, months: int) -> dt.date:
    """The same day of the month so many months on, or that month's last.

    >>> later(dt.date(2023, 8, 31), 6)
    datetime.date(2024, 2, 29)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def life_ends(accepted_on: dt.date | None, bought_on: dt.date | None, years: int | None) -> dt.date | None:
    """The end of the service life, counted from the acceptance, else the purchase; None where unknown."""
    start = accepted_on or bought_on
    return later(start, 12 * years) if start and years else None


@dataclass(frozen=True)
class Part:
    """A part put in at a repair; ``registered``: what the registration certificate names in its place."""

    name: str
    model: str
    registered: str = ""

    @property
    def differs(self) -> bool:
        """Whether it is another than registered; unknown registered parts say nothing."""
        return bool(self.registered.strip()) and spelling(self.model) != spelling(self.registered)


def spelling(text: str) -> str:
    """What two writings of one model have in common.

    >>> spelling("Ｘ-40 ") == spelling("x-40")
    True
    """
    return unicodedata.normalize("NFKC", text).replace(" ", "").casefold()


# --- implants ----------------------------------------------------------------------------------------------


def check_identified(lot: str, serial: str) -> list[Problem]:
    return [] if lot.strip() or serial.strip() else [problems("HO201", "批号")]


def check_expiry(until: dt.date | None, on: dt.date, although: str) -> list[Problem]:
    """Nothing expired is implanted; what was is recorded with the reason (18号令第十二条)."""
    if until is None or until >= on or although.strip():
        return []
    return [problems("HO202", "有效期至", until=until, on=on)]


def check_code(code: Udi, given: dict[str, object]) -> list[Problem]:
    """A scanned code can be read, and what was typed besides agrees with it."""
    labels = {"di": "产品标识", "lot": "批号", "serial": "序列号", "expires_on": "有效期"}
    if not code.valid:
        return [problems("HO204", "唯一标识", why=str(code.problem) if code.problem else "格式不明")]
    return [
        problems("HO205", label, what=label, read=read, given=given[name])
        for name, label in labels.items()
        if (read := getattr(code, name)) and given.get(name) and given[name] != read
    ]


def check_record_no(text: str) -> list[Problem]:
    """A patient is named by the hospital's own record number, by nothing that the world knows too."""
    text = text.strip()
    if not text:
        return check_given(text, "病案号")
    if len(text) > MOST_RECORD_NO:
        return [problems("HO207", "病案号", length=len(text), most=MOST_RECORD_NO)]
    if _IDENTITY.fullmatch(text):
        return [problems("HO206", "病案号", shown=f"{text[:2]}…")]
    return []


def check_passphrase(passphrase: str, again: str) -> list[Problem]:
    least = rules.passphrase_length()
    if len(passphrase.strip()) < least:
        return [problems("HO302", "口令", length=len(passphrase.strip()), least=least)]
    return [] if passphrase == again else [problems("HO303", "口令")]


HIDDEN = "［已隐去］"


def without(text: str, record_nos: Iterable[str]) -> str:
    """The text with record numbers hidden wherever they stand in it.

    >>> without("复查ZY20240001后", ["ZY20240001"])
    '复查［已隐去］后'
    """
    for number in sorted(record_nos, key=len, reverse=True):
        if number.strip():
            text = text.replace(number.strip(), HIDDEN)
    return text
