"""Signing in of a firm's people: by credit code, login name and password, and only where a firm is meant.

The office's own sign-in page never asks this backend, so that no firm's account can sign in there.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from xiejian.people.models import FirmUser


class FirmBackend(BaseBackend):
    """``authenticate(request, username="CODE:login", password=…, firm=True)``."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        firm: bool = False,
        **more: Any,
    ) -> Any:
        """The active account; as slow for a name that there is not as for a wrong password."""
        if not firm or not username or password is None:
            return None
        uscc, _, login = username.partition(":")
        user = FirmUser.objects.filter(uscc=uscc, username=login).first()
        if user is None:
            FirmUser().set_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None
