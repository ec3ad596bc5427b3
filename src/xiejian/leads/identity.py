"""Who told us: sealed with AES-GCM under a key that is not in the database, and cut out of what they wrote.

The key is XIEJIAN_IDENTITY_KEY (32 bytes in base64) or the file ``identity_key`` of the data folder, made
at the first use and readable by its owner only. Without the key nothing can be read back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from xiejian.kernel.problems import Refused
from xiejian.leads.checks import problems

VARIABLE = "XIEJIAN_IDENTITY_KEY"
HIDDEN = "［已隐去］"
_BYTES, _NONCE = 32, 12
#: names of one character and short numbers stand in any text
_SHORTEST_NAME, _SHORTEST_NUMBER = 2, 6


@dataclass(frozen=True)
class Identity:
    """What an informant said about themselves; ``more`` are further columns of a file."""

    name: str = ""
    phone: str = ""
    id_no: str = ""
    address: str = ""
    email: str = ""
    more: Mapping[str, str] | None = None

    @property
    def known(self) -> bool:
        return any([self.name, self.phone, self.id_no, self.address, self.email, self.more])


def _key() -> bytes:
    if given := os.environ.get(VARIABLE):
        try:
            key = base64.b64decode(given, validate=True)
        except ValueError as error:
            raise Refused(problems("E303", VARIABLE, why="不是 base64")) from error
    else:
        key = _of_file(Path(settings.DATA) / "identity_key")
    if len(key) != _BYTES:
        raise Refused(problems("E303", VARIABLE, why=f"不是 {_BYTES} 字节"))
    return key


def _of_file(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        key = os.urandom(_BYTES)
        file.write(key)
    return key


def seal(identity: Identity, number: str) -> bytes:
    """The identity as a sealed box that opens for the lead of this number only."""
    nonce = os.urandom(_NONCE)
    plain = json.dumps(asdict(identity), ensure_ascii=False).encode()
    return nonce + AESGCM(_key()).encrypt(nonce, plain, number.encode())


def unseal(box: bytes, number: str) -> Identity:
    """The identity in a box; Refused E303 when the key or the lead is another."""
    box = bytes(box)
    try:
        plain = AESGCM(_key()).decrypt(box[:_NONCE], box[_NONCE:], number.encode())
    except InvalidTag as error:
        raise Refused(problems("E303", number, why="密钥与密封内容不符")) from error
    return Identity(**json.loads(plain))


def person_key(identity: Identity) -> str:
    """The same for two leads of one person, by telephone, else identity number; '' where neither is known."""
    said = re.sub(r"\D", "", identity.phone) or identity.id_no.strip().upper()
    return hmac.new(_key(), said.encode(), hashlib.sha256).hexdigest() if said else ""


def without(text: str, identity: Identity) -> str:
    """The text with the informant's name, numbers and addresses hidden wherever they stand in it."""
    said = [(identity.name, _SHORTEST_NAME)]
    numbers = (identity.phone, identity.id_no, identity.address, identity.email)
    said += [(value, _SHORTEST_NUMBER) for value in (*numbers, *(identity.more or {}).values())]
    for value, shortest in sorted(said, key=lambda pair: -len(pair[0])):
        if len(value.strip()) >= shortest:
            text = text.replace(value.strip(), HIDDEN)
    return text
