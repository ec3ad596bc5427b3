"""Why a visit stands where it stands, in words that the party itself may read."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from xiejian.planning.order_facts import Scale, Standing
from xiejian.visit_order.features import Feature
from xiejian.visit_order.model import Floats

#: reasons that one task shows, and the smallest part of the log odds that is worth a word
_MOST, _LEAST = 4, 0.02
NOTHING = "没有突出的风险因素"
_STATED = {
    "classes": "管理类别 {}", "mode": "经营方式：{}", "unit_kind": "机构类型：{}", "link": "{}环节",
    "town": "所在乡镇（街道）以往发现的问题较多",
}  # fmt: skip
_ROMAN = str.maketrans("123", "ⅠⅡⅢ")


def _days(facts: dict[str, Any], _: Standing) -> str:
    return f"距上次检查 {facts['days_since']} 天" if facts["days_since"] is not None else "从未检查过"


def _found(facts: dict[str, Any], _: Standing) -> str:
    if not facts["visits"]:
        return "从未检查过"
    return (
        f"以往 {facts['visits']} 次检查中 {facts['found_before']} 次发现问题" if facts["found_before"] else ""
    )


def _defects(facts: dict[str, Any], _: Standing) -> str:
    return f"上次检查（{facts['days_since']} 天前）发现 {facts['last_defects']} 项缺陷"


#: what a fact or a column says of a party; facts that are empty say nothing
WORDS: dict[str, Any] = {
    "never": _days, "since": _days, "days_since": _days, "found": _found, "record": _found, "last": _found,
    "memory": _found, "last_defects": _defects,
    "mean_defects": lambda f, _: f"以往检查平均 {f['mean_defects']:g} 项缺陷",
    "severe_before": lambda f, _: f"以往 {f['severe_before']} 次检查有严重缺陷",
    "orders_before": lambda f, _: f"以往 {f['orders_before']} 次被责令改正",
    "failed_rechecks": lambda f, _: f"{f['failed_rechecks']} 次复查未通过",
    "cases": lambda f, _: f"近年立案 {f['cases']} 件",
    "failed_samples": lambda f, _: f"近年抽检不合格 {f['failed_samples']} 批次",
    "licensed_on": lambda f, _: f"取得许可或备案 {f['licence_years']} 年",
    "licence_years": lambda f, _: f"取得许可或备案 {f['licence_years']} 年",
    "complaints": lambda _, s: f"投诉举报 {s.complaints} 次",
    "level": lambda _, s: f"监管级别 {'一二三四'[(s.level or 1) - 1]}级",
}  # fmt: skip


def _words_of(name: str, facts: dict[str, Any], standing: Standing) -> str:
    if name.startswith("tag "):
        return f"涉及{name.removeprefix('tag ')}" if name.removeprefix("tag ") in standing.tags else ""
    if name in _STATED:
        value = str(getattr(standing, name))
        return (
            _STATED[name].format("、".join(value).translate(_ROMAN) if name == "classes" else value)
            if value
            else ""
        )
    counted = facts.get(name, getattr(standing, name, 1))
    if name in ("licensed_on", "licence_years"):
        counted = facts["licence_years"]
    if counted is None or (name not in ("licensed_on", "licence_years") and not counted):
        return ""
    return str(WORDS[name](facts, standing))


def fitted(
    features: list[Feature], parts: Floats, facts: dict[str, Any], standing: Standing
) -> list[dict[str, Any]]:
    """The reasons of one task: contributions above those of the average task, summed by what they say."""
    summed: dict[str, float] = defaultdict(float)
    for feature, part in zip(features, parts, strict=True):
        words = _words_of(feature.source or feature.says, facts, standing)
        if words:
            summed[words] += float(part)
    strongest = sorted(summed.items(), key=lambda item: -item[1])[:_MOST]
    return [{"words": words, "part": round(part, 3)} for words, part in strongest if part >= _LEAST]


def pointed(scale: Scale, facts: dict[str, Any], standing: Standing) -> tuple[float, list[dict[str, Any]]]:
    """Points of one task by the pack's scale, and what they were given for; of one fact the highest line."""
    known = facts | {"complaints": standing.complaints, "level": standing.level or 0}
    best: dict[str, int] = {}
    for line in scale.points:
        value = known[line["fact"]]
        if value is None:
            continue
        if line.get("at_least", value) <= value <= line.get("at_most", value):
            best[line["fact"]] = max(best.get(line["fact"], 0), int(line["points"]))
    reasons = [{"words": _words_of(name, facts, standing), "part": part} for name, part in best.items()]
    return float(sum(best.values())), sorted(reasons, key=lambda r: -r["part"])


def sentence(law_first: bool, reasons: list[dict[str, Any]]) -> str:
    """The reasons as one line; where the due date decides, it is said first."""
    words = [reason["words"] for reason in reasons] or [NOTHING]
    return "；".join(["期限将到，先于风险", *words] if law_first else words)


_LABELS = {
    "history_never": "从未检查过",
    "history_since": "距上次检查的时间",
    "history_record": "以往发现的问题多于同类检查",
    "history_memory": "以往检查的次数",
    "history_found": "以往发现问题的次数",
    "history_last": "上次检查发现问题",
    "last_defects": "上次检查的缺陷数",
    "mean_defects": "平均缺陷数",
    "severe_before": "以往有严重缺陷的次数",
    "orders_before": "以往被责令改正的次数",
    "failed_rechecks": "复查未通过的次数",
    "cases": "近年立案数",
    "failed_samples": "近年抽检不合格批次",
    "licensed_on": "取得许可或备案的年数",
    "link": "环节",
    "classes": "管理类别",
    "mode": "经营方式",
    "unit_kind": "机构类型",
    "town": "乡镇（街道）",
}


def label(name: str) -> str:
    """A feature's name as a heading: 经营方式=批发 for ``mode=批发``."""
    for mark in ("=", ": ", " "):
        first, found, rest = name.partition(mark)
        if found and first in _LABELS:
            return f"{_LABELS[first]}{'：' if mark == ': ' else mark}{rest}"
    return _LABELS.get(name, name.replace("tag ", "涉及", 1) if name.startswith("tag ") else name)
