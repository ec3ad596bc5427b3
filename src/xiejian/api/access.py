"""Who may ask: a signed-in officer always; others where the office opened it, and then not too often.

``web.middleware.SignInRequired`` lets nobody else come this far. Here: the CSRF token of an officer's
POST, and the pace of those who are not signed in.
"""

from __future__ import annotations

import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import HttpError
from ninja.security import APIKeyCookie, HttpBearer
from ninja.throttling import BaseThrottle
from ninja.utils import check_csrf

from xiejian.people.firm_accounts import user_of_key
from xiejian.people.policy import Actor

MINUTE = 60


class OfficerOrOpen(APIKeyCookie):
    """The session of an officer; nobody's where the answers are open."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> object | None:
        if not request.user.is_authenticated:
            return "open" if settings.OPEN_ANSWERS else None
        # a browser sends the session along with any page's POST, so that must carry the token too
        if check_csrf(request):
            raise HttpError(403, "CSRF")
        return request.user

    def authenticate(self, request: HttpRequest, key: str | None) -> object | None:
        """Not asked: ``__call__`` knows the officer from the session middleware."""
        return None


class Officer(OfficerOrOpen):
    """The session of an officer, and of nobody else: also where the answers are open."""

    def __call__(self, request: HttpRequest) -> object | None:
        return super().__call__(request) if request.user.is_authenticated else None


class FirmKey(HttpBearer):
    """The key of a firm's program; it speaks as one of the firm's accounts."""

    def authenticate(self, request: HttpRequest, token: str) -> object | None:
        user = user_of_key(token, timezone.now())
        request.actor = Actor.of_firm(user) if user else None
        return user


class Pace(BaseThrottle):
    """So many questions a minute from one address; officers and firms' programs are not counted.

    ninja's own throttle keeps the request it looks at on the shared object, which threads would mix up, and
    believes any X-Forwarded-For. Here nothing is kept but a counter per address and minute, and a forwarded
    address is believed only behind ``NINJA_NUM_PROXIES`` proxies.
    """

    def allow_request(self, request: HttpRequest) -> bool:
        if request.user.is_authenticated or request.actor:
            return True
        key = f"answers:{self.get_ident(request)}:{int(time.time()) // MINUTE}"
        if cache.add(key, 1, timeout=2 * MINUTE):
            return settings.OPEN_ANSWERS_PER_MINUTE > 0
        try:
            return cache.incr(key) <= settings.OPEN_ANSWERS_PER_MINUTE
        except ValueError:  # dropped between the two calls: the cache was full
            return True

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return MINUTE - time.time() % MINUTE
