"""To whom a notice goes: the firms that a few conditions name, or those that were picked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from xiejian.kernel.divisions import stem
from xiejian.people.models import FirmUser
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Party, PartyLink

GONE = "注销"


@dataclass(frozen=True)
class Audience:
    """Conditions that all hold; empty ones ask nothing. ``usccs``: the picked firms, and nobody else.

    ``office``: an office code, its firms and those of the offices below. ``level``: a supervision level.
    ``connected``: only firms with an account.
    """

    link: str = ""
    tag: str = ""
    level: int | None = None
    office: str = ""
    connected: bool = False
    usccs: tuple[str, ...] = ()

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Audience:
        return cls(**{**stored, "usccs": tuple(stored.get("usccs", ()))})

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "usccs": list(self.usccs)}

    @property
    def words(self) -> str:
        """The conditions in a few words."""
        parts = [
            f"环节：{self.link}" if self.link else "", f"标签：{self.tag}" if self.tag else "",
            f"{self.level} 级监管" if self.level else "", f"机构：{self.office}" if self.office else "",
            "已开户" if self.connected else "", f"指定 {len(self.usccs)} 家" if self.usccs else "",
        ]  # fmt: skip
        return "，".join(filter(None, parts)) or "本机构全部单位"


def has_account() -> Exists:
    """Whether a party (outer row) has somebody who may sign in."""
    return Exists(FirmUser.objects.filter(uscc=OuterRef("uscc"), is_active=True))


def firms(actor: Actor | None) -> QuerySet[Party]:
    """The firms in the actor's area that a notice can reach: with a credit code, not cancelled."""
    return visible(Party.objects.exclude(uscc=None).exclude(status=GONE), actor)


def chosen(audience: Audience, actor: Actor | None) -> QuerySet[Party]:
    """The firms of an audience within the actor's area."""
    rows = firms(actor)
    if audience.usccs:
        rows = rows.filter(uscc__in=audience.usccs)
    if audience.office:
        rows = rows.filter(office_code__startswith=stem(audience.office))
    if audience.connected:
        rows = rows.filter(has_account())
    asked: dict[str, Any] = {"link": audience.link, "level": audience.level}
    asked = {name: value for name, value in asked.items() if value}
    if audience.tag:
        asked["tags__contains"] = f"|{audience.tag}|"
    if asked:
        rows = rows.filter(Exists(PartyLink.objects.filter(party=OuterRef("pk"), **asked)))
    return rows
