"""A step of a record from the command line: who takes it, and its JSON facts with the room's own refusal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import click

from xiejian.kernel.problems import Refused
from xiejian.people.models import FirmUser, Officer
from xiejian.people.policy import SYSTEM, Actor
from xiejian.record_steps.facts import read_facts

by_option = click.option("--by", "username", default="", help="登录名：以谁的名义；不写则为系统")
#: says what is wrong, with the code of the room
Wrong = Callable[[str], NoReturn]


def actor_named(username: str, wrong: Wrong) -> Actor:
    """The officer of this user name, somebody of a firm (CODE:login); the system itself without one."""
    if not username:
        return SYSTEM
    uscc, colon, login = username.partition(":")
    if colon:
        user = FirmUser.objects.filter(uscc=uscc, username=login, is_active=True).first()
        if user is None:
            wrong(f"没有企业账号 {username}")
        return Actor.of_firm(user)
    found = Officer.objects.select_related("office").filter(username=username, is_active=True).first()
    if found is None:
        wrong(f"没有登录名为 {username} 的在岗人员")
    return Actor.of(found)


def facts_of(
    function: Callable[..., Any], given: dict[str, Any], ours: Sequence[str], by: Actor, wrong: Wrong
) -> dict[str, Any]:
    """The facts as the action takes them, read as over HTTP; ``wrong`` says what does not fit."""
    try:
        return read_facts(function, given, by=by, ours=ours)
    except Refused as refused:
        wrong("；".join(problem.message for problem in refused.problems))
