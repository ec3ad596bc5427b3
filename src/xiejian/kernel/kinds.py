"""The kinds of inspection: stable ids, their Chinese wording, and which visit counts for which duty."""

from __future__ import annotations

#: Identifiers of reference glossary §10 that a duty or a visit may carry.
KIND_LABELS = {
    "daily": "日常检查",
    "full_item": "全项目检查",
    "flying": "飞行检查",
    "special": "专项检查",
    "for_cause": "有因检查",
    "follow_up": "跟踪检查",
    "licence_check": "许可核查",
    "reg_qms_check": "体系核查",
    "filing_check": "备案后检查",
    "platform_check": "平台检查",
    "cross": "交叉检查",
    "joint": "联合检查",
    "any": "监督检查",
}


def label(kind: str) -> str:
    """The Chinese wording of a kind; the id itself where it is not known.

    >>> label("full_item")
    '全项目检查'
    """
    return KIND_LABELS.get(kind, kind)
