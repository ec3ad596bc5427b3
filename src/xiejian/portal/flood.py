"""Against robots and floods, without any outside service: a trap field, a signed form time, a rate."""

from __future__ import annotations

import datetime as dt

from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from xiejian.kernel.problems import Refused
from xiejian.leads import rules
from xiejian.leads.checks import problems

_SALT = "xiejian.portal.form"
_HOUR = 3600


def stamp() -> str:
    """When the form was shown, signed."""
    return signing.TimestampSigner(salt=_SALT).sign("form")


def check(request: HttpRequest, shown: str, trap: str, now: dt.datetime) -> None:
    """Refused: the trap was filled in or the form was sent faster than people write (E401), the form is
    too old or not ours (E402), too many from one address in an hour (E403)."""
    signer = signing.TimestampSigner(salt=_SALT)
    try:
        signer.unsign(shown, max_age=rules.portal("form_hours") * _HOUR)
    except signing.BadSignature as error:
        raise Refused(problems("E402")) from error
    quick = False
    try:
        signer.unsign(shown, max_age=rules.portal("shortest_seconds"))
        quick = True
    except signing.SignatureExpired:
        pass
    if trap or quick:
        raise Refused(problems("E401"))
    count(request, "tell", now)


def count(request: HttpRequest, what: str, now: dt.datetime, most: int | None = None) -> None:
    """Count one request of this address in this hour; the address itself is not kept.

    ``most``: how many are let in, those of a form when None. Refused: more (E403).
    """
    address = salted_hmac(_SALT, request.META.get("REMOTE_ADDR", "")).hexdigest()
    key = f"portal:{what}:{now:%Y%m%d%H}:{address}"
    cache.add(key, 0, _HOUR)
    if cache.incr(key) > (most or rules.portal("per_hour")):
        raise Refused(problems("E403"))
