"""Small things that templates say: an icon, a state with its colour, the days that are left."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from fractions import Fraction
from pathlib import Path

from django import template
from django.templatetags.static import static
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from xiejian.numbers import certificates

register = template.Library()

with Path(__file__).parents[1].joinpath("audit_labels.toml").open("rb") as _file:
    #: What the audit page calls an action and its subject.
    AUDIT_LABELS: dict[str, dict[str, str]] = tomllib.load(_file)

#: Colour by state: red only for overdue and danger. The word always stands beside it.
TONES = {
    "正常": "green", "有效": "green", "符合": "green", "通过": "green", "已办结": "green", "合格": "green",
    "停产": "orange", "失联": "red", "注销": "secondary", "取消备案": "secondary", "吊销": "red",
    "限期整改": "orange", "不符合": "orange", "停产整改": "red", "移送": "red", "未通过": "red",
    "不合格": "red",
    "已责令": "orange", "已提交整改": "azure", "复查通过": "green", "复查未通过": "red",
    "已安排": "azure", "检查中": "blue", "拒绝检查": "red", "已取消": "secondary",
    "符合规定": "green", "不符合规定": "red",
    "草稿": "secondary", "已下达": "green",
}  # fmt: skip


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """One icon of icons.svg, hidden from screen readers: the word beside it says the same."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra, static("web/icons.svg"), name,
    )  # fmt: skip


@register.filter
def tone(state: str) -> str:
    return TONES.get(str(state), "secondary")


@register.simple_tag
def badge(text: object, colour: str = "") -> SafeString:
    """A state: its word on a light ground of its colour; nothing for an empty state."""
    if text in (None, ""):
        return SafeString("")
    if colour.startswith("level-"):
        return format_html('<span class="badge level {0}">{1}</span>', colour, text)
    return format_html('<span class="badge bg-{0}-lt state">{1}</span>', colour or tone(str(text)), text)


@register.simple_tag
def level_badge(level: int | None) -> SafeString:
    """The supervision level; the darker, the higher the risk."""
    if level is None:
        return format_html('<span class="text-secondary">{}</span>', "未定级")
    return format_html('<span class="badge level level-{0}">{1}级</span>', level, "一二三四"[level - 1])


@register.filter
def tags(value: str) -> list[str]:
    """|无菌|植入| as a list."""
    return [tag for tag in (value or "").split("|") if tag]


@register.filter
def classes(value: str) -> str:
    """Stored classes 23 as Ⅱ、Ⅲ."""
    return "、".join({"1": "Ⅰ", "2": "Ⅱ", "3": "Ⅲ"}.get(c, c) for c in value or "")


@register.filter
def block_kind(block: object) -> str:
    """What a block of a paper is: Heading, Text, Table …"""
    return type(block).__name__


@register.filter
def times(count: int) -> range:
    """So many turns of a loop."""
    return range(count)


@register.filter
def yes_no(value: bool | None) -> str:
    return "未填" if value is None else "是" if value else "否"


@register.filter
def yuan(fen: int | None) -> str:
    """Whole 分 as yuan with two decimals."""
    return "" if fen is None else f"{fen // 100:,}.{fen % 100:02d}"


@register.filter
def licence_kind(kind: str) -> str:
    return certificates.label(kind)


@register.filter
def audit_action(name: str) -> str:
    return AUDIT_LABELS["actions"].get(name, name)


@register.filter
def hits(text: object, words: str) -> SafeString:
    """The text with every word of the search marked, whatever its case."""
    wanted = sorted(set((words or "").split()), key=len, reverse=True)
    if not wanted:
        return conditional_escape(text)
    parts = re.split(f"({'|'.join(map(re.escape, wanted))})", str(text), flags=re.IGNORECASE)
    # of a split by one group every second part is a hit
    return format_html_join(
        "",
        "{}{}",
        ((part, format_html("<mark>{}</mark>", hit) if hit else "") for part, hit in _pairs(parts)),
    )


def _pairs(parts: list[str]) -> list[tuple[str, str]]:
    return list(zip(parts[::2], [*parts[1::2], ""], strict=True))


@register.filter
def share(value: float | Fraction | None) -> str:
    """A part of one as per cent; a dash where there is nothing to divide."""
    return "—" if value is None else f"{float(value) * 100:.1f}%"


@register.simple_tag
def days_left(due: dt.date | None, today: dt.date, soon: int = 7) -> SafeString:
    """How many days remain: red when overdue, orange when soon, with the date."""
    if due is None:
        return SafeString("")
    days = (due - today).days
    colour = "red" if days < 0 else "orange" if days <= soon else "secondary"
    words = f"逾期 {-days} 天" if days < 0 else "今天到期" if days == 0 else f"剩 {days} 天"
    return format_html(
        '<span class="badge bg-{}-lt state">{}</span> <span class="text-nowrap">{}</span>', colour, words, due
    )
