"""For every page of the firms that names a record: how to make one for a firm.

A new page adds its line here; tests/workspace/test_own_firm_only.py opens it as another firm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moment import NOW
from xiejian.people.models import FirmInvitation, FirmKey, FirmUser
from xiejian.registry.models import Party


def _user(party: Party) -> FirmUser:
    return FirmUser.objects.get_or_create(
        uscc=party.uscc, username="one", defaults={"firm_name": party.name, "name": "甲", "created_at": NOW}
    )[0]


def _key(party: Party) -> FirmKey:
    return FirmKey.objects.create(
        user=_user(party), name="x", digest=party.uscc, made_at=NOW, expires_on=NOW.date()
    )


def _invitation(party: Party) -> FirmInvitation:
    return FirmInvitation.objects.create(
        uscc=party.uscc, firm_name=party.name, role="firm_store", token_digest=party.uscc, made_at=NOW,
        expires_on=NOW.date(),
    )  # fmt: skip


#: URL name → the arguments of the page of a record that belongs to this party
ARGUMENTS: dict[str, Callable[[Party], dict[str, Any]]] = {
    "firm_account_change": lambda party: {"pk": _user(party).pk},
    "firm_invitation_revoke": lambda party: {"pk": _invitation(party).pk},
    "firm_key_revoke": lambda party: {"pk": _key(party).pk},
}
