"""Accounts of the demo's firms: one password for all of them, as at the office."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.contrib.auth.hashers import make_password

from xiejian.cli.demo.accounts import Staffed, moment, password
from xiejian.cli.demo.invention import Inventor
from xiejian.people.models import FirmUser
from xiejian.people.policy import Actor
from xiejian.registry.models import Party


@cache
def _hashed(secret: str) -> str:
    return make_password(secret)


def people_of(party: Party, logins: Mapping[str, str], staffed: Staffed) -> dict[str, Actor]:
    """Login → the actor; ``logins``: login → role. Those that are there already stay as they are."""
    invent = Inventor(f"firm people {party.uscc}", staffed.code)
    found = {}
    for login, role in logins.items():
        user, _ = FirmUser.objects.get_or_create(
            uscc=party.uscc, username=login,
            defaults={
                "firm_name": party.name, "name": invent.person(), "role": role,
                "password": _hashed(password()), "created_at": moment(staffed.today),
            },
        )  # fmt: skip
        found[login] = Actor.of_firm(user)
    return found
