"""A step of a record from the command line: who takes it, and its JSON facts as the action takes them."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import click
from django.utils import timezone

from xiejian.kernel import dates
from xiejian.people.models import Officer
from xiejian.people.policy import SYSTEM, Actor

by_option = click.option("--by", "username", default="", help="登录名：以谁的名义；不写则为系统")
#: says what is wrong, with the code of the room
Wrong = Callable[[str], NoReturn]
#: Parameters that name officers by their user names.
OFFICERS = ("team", "officers")


def actor_named(username: str, wrong: Wrong) -> Actor:
    """The officer of this user name; the system itself without one."""
    if not username:
        return SYSTEM
    found = Officer.objects.select_related("office").filter(username=username, is_active=True).first()
    if found is None:
        wrong(f"没有登录名为 {username} 的在岗人员")
    return Actor.of(found)


def officers_named(names: Any, wrong: Wrong) -> list[Officer]:
    """The officers of these user names, in their order."""
    wanted = names if isinstance(names, list) else []
    found = {o.username: o for o in Officer.objects.filter(username__in=wanted)}
    if missing := [str(name) for name in wanted if name not in found]:
        wrong(f"没有登录名 {'、'.join(missing)}")
    return [found[name] for name in wanted]


def read_value(annotation: str, given: Any) -> Any:
    """A fact as its parameter is annotated: days and moments are read, the rest is taken as it is."""
    if given is None or not isinstance(given, str):
        return given
    if "dt.datetime" in annotation:
        moment = dt.datetime.fromisoformat(given)
        return moment if moment.tzinfo else timezone.make_aware(moment)
    return dates.read(given) if "dt.date" in annotation else given


def facts_of(
    function: Callable[..., Any], given: dict[str, Any], ours: Sequence[str], wrong: Wrong
) -> dict[str, Any]:
    """The facts as the action takes them; ``wrong`` for unknown and missing ones. ``ours`` are not asked."""
    known = {n: p for n, p in inspect.signature(function).parameters.items() if n not in ours}
    if unknown := set(given) - set(known):
        wrong(f"没有字段 {'、'.join(sorted(unknown))}；可用：{'、'.join(known)}")
    required = [n for n, p in known.items() if p.default is p.empty]
    if missing := [name for name in required if name not in given]:
        wrong(f"缺少 {'、'.join(missing)}")
    try:
        return {
            name: officers_named(one, wrong)
            if name in OFFICERS
            else read_value(str(known[name].annotation), one)
            for name, one in given.items()
        }
    except ValueError as error:
        wrong(str(error))
