"""Who a patient token means: sealed so that the hospital opens it and nobody who holds the database.

A hospital has a pair of keys (X25519). Whoever enters an implant seals the patient's record number to the
public half: a fresh key, HKDF, AES-GCM bound to the token. The private half lies here under a key that scrypt
makes of a passphrase; the passphrase is typed by the hospital's records people each time and never kept.

Tokens are drawn, not computed from the number: record numbers are few, and a server that could compute a
token at entry could try them all.
"""

from __future__ import annotations

import os
import secrets
import unicodedata
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

#: scrypt: 2^15 · 8 · 128 bytes = 32 MB and a tenth of a second for each try
COST, _BLOCK, _LANES = 2**15, 8, 1
_KEY, _NONCE, _SALT = 32, 12, 16
#: every box has this length of text, so that it does not say how long the number is
_ROOM = 160
_TOKEN_BYTES = 10


@dataclass(frozen=True)
class Locked:
    """A key pair as it is stored. ``cost`` is scrypt's N."""

    public_key: bytes
    salt: bytes
    cost: int
    locked_key: bytes


class Wrong(Exception):
    """The passphrase, or the box, is another."""


def draw_token() -> str:
    """A new patient token: 80 bits by chance, nothing of the patient in it."""
    return "P" + secrets.token_hex(_TOKEN_BYTES)


def make(passphrase: str, owner: str) -> Locked:
    """A new key pair for the firm ``owner`` (its credit code), locked by the passphrase."""
    return lock(X25519PrivateKey.generate(), passphrase, owner)


def lock(key: X25519PrivateKey, passphrase: str, owner: str) -> Locked:
    """A key pair under a passphrase: a new one, or one that was open, under another passphrase."""
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    box = AESGCM(_stretch(passphrase, salt, COST)).encrypt(nonce, key.private_bytes_raw(), owner.encode())
    return Locked(key.public_key().public_bytes_raw(), salt, COST, nonce + box)


def unlock(locked: Locked, passphrase: str, owner: str) -> X25519PrivateKey:
    """The private key; raises Wrong for another passphrase or another owner."""
    stretched = _stretch(passphrase, locked.salt, locked.cost)
    try:
        plain = AESGCM(stretched).decrypt(
            locked.locked_key[:_NONCE], locked.locked_key[_NONCE:], owner.encode()
        )
    except InvalidTag as error:
        raise Wrong from error
    return X25519PrivateKey.from_private_bytes(plain)


def seal(public_key: bytes, text: str, token: str) -> bytes:
    """The text in a box that the private key opens, for this token only. At most 160 bytes of UTF-8."""
    plain = text.encode()
    if len(plain) > _ROOM:
        raise ValueError("longer than a box")
    fresh = X25519PrivateKey.generate()
    shared = fresh.exchange(X25519PublicKey.from_public_bytes(public_key))
    sender = fresh.public_key().public_bytes_raw()
    # a key is used once, so that its nonce may be a constant
    box = AESGCM(_derive(shared, sender + public_key)).encrypt(
        bytes(_NONCE), plain.ljust(_ROOM, b"\0"), token.encode()
    )
    return sender + box


def open_box(key: X25519PrivateKey, box: bytes, token: str) -> str:
    """What a box holds; raises Wrong when key or token is another."""
    sender, sealed = box[:_KEY], box[_KEY:]
    shared = key.exchange(X25519PublicKey.from_public_bytes(sender))
    derived = _derive(shared, sender + key.public_key().public_bytes_raw())
    try:
        plain = AESGCM(derived).decrypt(bytes(_NONCE), sealed, token.encode())
    except InvalidTag as error:
        raise Wrong from error
    return plain.rstrip(b"\0").decode()


def _stretch(passphrase: str, salt: bytes, cost: int) -> bytes:
    typed = unicodedata.normalize("NFKC", passphrase.strip()).encode()
    return Scrypt(salt=salt, length=_KEY, n=cost, r=_BLOCK, p=_LANES).derive(typed)


def _derive(shared: bytes, about: bytes) -> bytes:
    return HKDF(SHA256(), _KEY, salt=None, info=b"xiejian implant" + about).derive(shared)
