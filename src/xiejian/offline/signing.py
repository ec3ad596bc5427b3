"""Requests of a phone carry its mark: an HMAC over method, address and body with the phone's secret.

A session says who asks; the mark says from which phone, so that neither a copied cookie nor another phone
of the same officer can send in its name.
"""

from __future__ import annotations

import hashlib
import hmac

from xiejian.offline.models import Device


def mark(secret: str, method: str, path: str, body: bytes) -> str:
    """The mark in hex. ``secret`` in hex; ``path`` with its query."""
    text = f"{method}\n{path}\n{hashlib.sha256(body).hexdigest()}".encode()
    return hmac.new(bytes.fromhex(secret), text, hashlib.sha256).hexdigest()


def holds(device: Device, method: str, path: str, body: bytes, given: str) -> bool:
    return hmac.compare_digest(mark(device.secret, method, path, body), given)
