"""企业账号: a firm's people are invited, open their accounts, and hand keys to their programs.

An invitation's and a key's secret is random, shown once and kept as its digest. Whoever is invited chooses
the own name and password; nobody at the office ever knows them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.models import FirmInvitation, FirmKey, FirmUser
from xiejian.people.policy import Actor, firm_roles, problems, require, require_for

TOKEN_BYTES = 32
INVITATION_DAYS = 7
KEY_DAYS = 365
#: accounts and keys of one firm that may be in use: more is a mistake or a misuse
MOST_USERS, MOST_KEYS = 200, 20
_USERNAME = re.compile(r"[A-Za-z0-9._-]{2,30}")
ADMIN = "firm_admin"


def digest(secret: str) -> str:
    """How an invitation's or a key's secret is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _note(action: str, uscc: str, office_code: str, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="firm", key=uscc, office_code=office_code, detail=detail
    )  # fmt: skip


def _allow(by: Actor, uscc: str, office_code: str) -> None:
    """The firm's own administrator, or the office in charge of the firm."""
    if by.firm:
        require_for(by, "firm.manage", uscc)
    else:
        require(by, "firms.invite", office_code)


def _check_role(role: str) -> None:
    if role not in firm_roles():
        raise Refused(problems("P144", "role", role=role, known="、".join(firm_roles())))


# --- invitations -------------------------------------------------------------------------------------------


@transaction.atomic
def invite(
    *, uscc: str, firm_name: str, office_code: str, role: str, person: str = "", by: Actor, at: dt.datetime
) -> tuple[FirmInvitation, str]:
    """A link for one person of the firm, and its token, which nobody can read again.

    ``office_code`` is the office in charge of the firm. Refused: P101, P144, P146 (no credit code), P148.
    """
    _allow(by, uscc, office_code)
    _check_role(role)
    if not uscc:
        raise Refused(problems("P146", firm_name))
    waiting = open_invitations(at).filter(uscc=uscc).count()
    if waiting + FirmUser.objects.filter(uscc=uscc, is_active=True).count() >= MOST_USERS:
        raise Refused(problems("P148", what="账号", most=MOST_USERS))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    made = FirmInvitation.objects.create(
        uscc=uscc, firm_name=firm_name, role=role, person=person.strip()[:60], office_code=office_code,
        token_digest=digest(token), made_at=at, by_name=by.name,
        expires_on=timezone.localdate(at) + dt.timedelta(days=INVITATION_DAYS),
    )  # fmt: skip
    _note("invite_firm_user", uscc, office_code, by, at, role=role, expires_on=str(made.expires_on))
    return made, token


def open_invitations(at: dt.datetime) -> QuerySet[FirmInvitation]:
    """Invitations that still open: not used, not revoked, not past their day."""
    return FirmInvitation.objects.filter(
        used_at=None, revoked_at=None, expires_on__gte=timezone.localdate(at)
    )


def invitation_of(token: str, at: dt.datetime) -> FirmInvitation | None:
    """The open invitation of this token."""
    return open_invitations(at).filter(token_digest=digest(token)).first()


@transaction.atomic
def revoke_invitation(*, invitation: FirmInvitation, by: Actor, at: dt.datetime) -> FirmInvitation:
    """The link opens nothing any more; one that was used or revoked stays as it is."""
    _allow(by, invitation.uscc, invitation.office_code)
    row = FirmInvitation.objects.select_for_update().get(pk=invitation.pk)
    if row.used_at is None and row.revoked_at is None:
        row.revoked_at = at
        row.save(update_fields=["revoked_at"])
        _note("revoke_firm_invitation", row.uscc, row.office_code, by, at, invitation=row.pk)
    return row


@transaction.atomic
def open_account(
    *, token: str, username: str, name: str, password: str, phone: str = "", at: dt.datetime
) -> FirmUser:
    """Whoever holds the link opens the account that it was made for; the link is used up then.

    Refused: P141 (link), P142 (login name), P143 (password), P147 (no name).
    """
    row = open_invitations(at).select_for_update().filter(token_digest=digest(token)).first()
    if row is None:
        raise Refused(problems("P141"))
    username, name = username.strip().lower(), name.strip()
    taken = FirmUser.objects.filter(uscc=row.uscc, username=username).exists()
    if taken or not _USERNAME.fullmatch(username):
        raise Refused(problems("P142", "username", username=username[:60]))
    if not name:
        raise Refused(problems("P147", "name", what="姓名"))
    user = FirmUser(
        uscc=row.uscc, firm_name=row.firm_name, username=username, name=name[:60], role=row.role,
        phone=phone.strip()[:30], created_at=at,
    )  # fmt: skip
    _set_password(user, password)
    user.save()
    row.used_at, row.used_by = at, user
    row.save(update_fields=["used_at", "used_by"])
    _note("open_firm_account", row.uscc, row.office_code, Actor.of_firm(user), at, role=row.role,
          username=username)  # fmt: skip
    return user


def _set_password(user: FirmUser, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refused(problems("P143", "password", why="；".join(error.messages))) from error
    user.set_password(password)


# --- accounts ----------------------------------------------------------------------------------------------


@transaction.atomic
def change_password(*, user: FirmUser, password: str, by: Actor, at: dt.datetime) -> FirmUser:
    """The own password; the sessions of the old one end. Refused: P101, P143."""
    require_for(by, "firm.view", user.uscc)
    if by != Actor.of_firm(user):
        require_for(by, "firm.manage", user.uscc)
    _set_password(user, password)
    user.save(update_fields=["password"])
    _note("change_firm_password", user.uscc, "", by, at, username=user.username)
    return user


@transaction.atomic
def change_user(
    *, user: FirmUser, role: str, is_active: bool, office_code: str, by: Actor, at: dt.datetime
) -> FirmUser:
    """Another role, switched off or on again; by the firm's administrator or the office in charge.

    Refused: P101, P144, and P145 where the firm itself would lose its last administrator. An account that is
    switched off loses its keys.
    """
    _allow(by, user.uscc, office_code)
    _check_role(role)
    FirmUser.objects.select_for_update().filter(uscc=user.uscc).count()
    row = FirmUser.objects.get(pk=user.pk)
    others = FirmUser.objects.filter(uscc=row.uscc, role=ADMIN, is_active=True).exclude(pk=row.pk)
    leaves = row.role == ADMIN and row.is_active and (role != ADMIN or not is_active)
    if by.firm and leaves and not others.exists():
        raise Refused(problems("P145", row.username))
    before = {"role": row.role, "is_active": row.is_active}
    after = {"role": role, "is_active": is_active}
    if before != after:
        row.role, row.is_active = role, is_active
        row.save(update_fields=["role", "is_active"])
        if not is_active:
            row.keys.filter(revoked_at=None).update(revoked_at=at)
        _note("change_firm_user", row.uscc, office_code, by, at, username=row.username,
              **{key: [before[key], after[key]] for key in before if before[key] != after[key]})  # fmt: skip
    return row


# --- keys --------------------------------------------------------------------------------------------------


@transaction.atomic
def make_key(*, user: FirmUser, name: str, by: Actor, at: dt.datetime) -> tuple[FirmKey, str]:
    """A key by which a program speaks as this account, and its secret. Refused: P101, P147, P148."""
    require_for(by, "firm.manage", user.uscc)
    if not name.strip():
        raise Refused(problems("P147", "name", what="密钥的用途"))
    if FirmKey.objects.filter(user__uscc=user.uscc, revoked_at=None).count() >= MOST_KEYS:
        raise Refused(problems("P148", what="接口密钥", most=MOST_KEYS))
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    made = FirmKey.objects.create(
        user=user, name=name.strip()[:60], digest=digest(secret), made_at=at, by_name=by.name,
        expires_on=timezone.localdate(at) + dt.timedelta(days=KEY_DAYS),
    )  # fmt: skip
    _note("make_firm_key", user.uscc, "", by, at, username=user.username, key=made.pk, name=made.name)
    return made, secret


@transaction.atomic
def revoke_key(*, key: FirmKey, by: Actor, at: dt.datetime) -> FirmKey:
    """The key opens nothing any more."""
    require_for(by, "firm.manage", key.user.uscc)
    if key.revoked_at is None:
        key.revoked_at = at
        key.save(update_fields=["revoked_at"])
        _note("revoke_firm_key", key.user.uscc, "", by, at, key=key.pk)
    return key


def user_of_key(secret: str, at: dt.datetime) -> FirmUser | None:
    """The account that a program with this key speaks as; nobody where the key or the account is off."""
    found = (
        FirmKey.objects.select_related("user")
        .filter(Q(digest=digest(secret)), revoked_at=None, expires_on__gte=timezone.localdate(at))
        .first()
    )
    return found.user if found and found.user.is_active else None
