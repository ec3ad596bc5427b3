"""Is this one number genuine, and what does it say: every kind of `xiejian number`, with what does not hold.

The forms, checks, words and names are data (``packs/national/numbers.toml``). "Valid" means: written as the
rules ask, after the changes listed; whether the number was ever given out only the issuing office knows.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.numbers import certificates, credit_code
from xiejian.numbers.certificates import Form, book
from xiejian.numbers.udi_record import Fault, fault

USCC = "uscc"
Changes = tuple[tuple[str, str, str], ...]
_SURROGATES = re.compile("[\ud800-\udfff]")
#: the fields that rules look at; the digits at the end that they do not, of category and serial
_RULED = ("org", "origin", "class", "year")
_TAIL = 6


class Judged:
    """One number as judged on a day.

    ``kind`` is a kind of the contract, or "" where none was found; ``form`` the writing that fits, if any.
    ``changes`` says what was put right [(before, after, why)], ``faults`` what does not hold, ``notes`` what
    an officer should know besides. Parts and words are made when they are asked for: of a million numbers,
    most are only asked whether they hold.
    """

    changes: Changes = ()
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    #: the kind where no form fits
    meant: str = ""
    #: the number in one writing, where it is not the text itself
    key: str = ""

    def __init__(self, text: str, form: Form | None) -> None:
        self.text = text
        self.form = form

    @property
    def valid(self) -> bool:
        return self.form is not None and not self.faults

    @property
    def problem(self) -> Fault | None:
        """The first thing that does not hold."""
        return self.faults[0] if self.faults else None

    @property
    def kind(self) -> str:
        return _answered_as(self.form.kind if self.form else self.meant)

    @property
    def normalised(self) -> str:
        return self.key or self.text

    def fields(self, division: Callable[[str], str] = str) -> dict[str, Any]:
        """The parts, named as in the contract, and beside them their plain words.

        ``division`` gives the name of a division code.
        """
        if self.form is None:
            return {}
        if self.form.kind == USCC:
            return _credit_code_fields(self.normalised, division)
        match = self.form.pattern.match(self.normalised)
        return _fields(self.form, match.groupdict() if match else {})

    def sources(self) -> list[dict[str, Any]]:
        """Where the words of single fields come from, where that is not the source of the number itself."""
        raw, form = book().raw, self.form
        if form is None:
            return []
        if form.kind == USCC:
            names, known = ["registrar_name", "category_name"], raw["credit_code"]["names_citation"]
            return [{"fields": names, "citation": known, "unverified": True}]
        if "category" not in form.pattern.groupindex:
            return []
        catalogue = raw["catalogue"]
        return [
            {
                "fields": ["catalogue", "category_name"],
                "citation": catalogue["citation"],
                "unverified": catalogue["unverified"],
            }
        ]

    def as_json(self, division: Callable[[str], str] = str) -> dict[str, Any]:
        """The answer of the contract; beside it what was changed, the notes and the source."""
        form = self.form
        return {
            "kind": self.kind or None,
            "valid": self.valid,
            "fields": self.fields(division),
            "problem": self.problem.as_json() if self.problem else None,
            "problems": [one.as_json() for one in self.faults],
            "form": form.form if form else None,
            "label": form.label if form else certificates.label(self.meant) if self.meant else None,
            "normalised": self.normalised,
            "changes": [{"from": a, "to": b, "why": why} for a, b, why in self.changes],
            "notes": list(self.notes),
            "meaning": form.meaning if form else None,
            "citation": form.citation if form else None,
            "unverified": form.unverified if form else False,
            "sources": self.sources(),
        }


@dataclass(frozen=True)
class _Combination:
    """Fields that cannot stand together."""

    forms: frozenset[str]
    when: Mapping[str, frozenset[str]]
    unless: Mapping[str, frozenset[str]]
    field: str
    needed: str
    problem: str

    def broken_by(self, parts: Mapping[str, str]) -> bool:
        for name, values in self.when.items():
            if parts.get(name) not in values:
                return False
        for name, values in self.unless.items():
            if parts.get(name) in values:
                return False
        return (parts.get(self.field) or self.needed) != self.needed


@dataclass(frozen=True)
class _Rules:
    """What numbers.toml says about questions, compiled."""

    limit: int
    credit_code: Form
    by_kind: Mapping[str, tuple[Form, ...]]
    combinations: Mapping[str, tuple[_Combination, ...]]
    remarks: Mapping[str, tuple[dict[str, Any], ...]]
    looks: tuple[tuple[str, re.Pattern[str]], ...]
    misses: tuple[tuple[frozenset[str], re.Pattern[str], str], ...]


def _combination(entry: Mapping[str, Any]) -> _Combination:
    ((field, needed),) = entry["need"].items()
    when, unless = ({name: frozenset(v) for name, v in entry.get(w, {}).items()} for w in ("when", "unless"))
    return _Combination(frozenset(entry["forms"]), when, unless, field, needed, entry["problem"])


@cache
def _rules() -> _Rules:
    """The rules; ValueError where an entry lacks its citation or meaning."""
    known, raw = book(), book().raw
    for entry in (*raw["combination"], raw["catalogue"], raw["credit_code"]):
        if not entry.get("citation") or not entry.get("meaning"):
            raise ValueError(f"numbers.toml: {entry} needs a citation and a meaning")
    by_kind: dict[str, list[Form]] = {}
    for form in known.forms:
        for kind in {form.kind, _answered_as(form.kind)}:
            by_kind.setdefault(kind, []).append(form)
    combinations: dict[str, list[_Combination]] = {}
    for entry in raw["combination"]:
        combinations.setdefault(entry["kind"], []).append(_combination(entry))
    remarks: dict[str, list[dict[str, Any]]] = {}
    for entry in raw["remark"]:
        remarks.setdefault(entry["kind"], []).append(entry)
    code = raw["credit_code"]
    return _Rules(
        limit=raw["limits"]["text"],
        credit_code=Form(USCC, "current", code["label"], re.compile(""), code["citation"], code["meaning"],
                         False, "", code["example"]),
        by_kind={kind: tuple(forms) for kind, forms in by_kind.items()},
        combinations={kind: tuple(rules) for kind, rules in combinations.items()},
        remarks={kind: tuple(entries) for kind, entries in remarks.items()},
        looks=tuple((kind, known.compiled(pattern)) for kind, pattern in raw["looks"].items()),
        misses=tuple(
            (frozenset(e["kinds"]), known.compiled(e["pattern"]), e["problem"]) for e in raw["miss"]
        ),
    )  # fmt: skip


def _answered_as(kind: str) -> str:
    """The kind of the contract that a document belongs to."""
    entry = book().raw["kind"].get(kind, {})
    return str(entry.get("answer", kind))


def field_label(name: str) -> str:
    """What people see before a field of the answer."""
    return str(book().raw["field_label"].get(name, name))


def kinds() -> list[str]:
    """Every kind that can be asked for, those of the contract and the single documents under them."""
    return [USCC, *_rules().by_kind]


def judge(text: str, *, on: dt.date, kind: str = "") -> Judged:
    """Judge one number as on a day; never raises for any text: what does not hold is part of the answer.

    ``kind``: one of ``kinds()``, else the kind is found (ValueError for another word).

    >>> judge("粤械注准20212141234", on=dt.date(2026, 1, 1)).valid
    True
    >>> judge("粤械注准20213141234", on=dt.date(2026, 1, 1)).problem.code
    'N143'
    """
    rules = _rules()
    if kind and kind not in kinds():
        raise ValueError(kind)
    if len(text) > rules.limit:
        return _nothing(text[: rules.limit], kind, fault("N102", text, length=len(text), limit=rules.limit))
    if not text.isprintable():
        text = _SURROGATES.sub("\ufffd", text)
    forms = rules.by_kind.get(kind, ()) if kind else book().forms
    found, key, repairs = certificates.find(text, forms)
    if not repairs and key != text:
        repairs = ((text, key, "首尾空白"),)
    if found:
        return _fitting(text, found, repairs, on)
    if not key:
        return _nothing(text, kind, fault("N101", text))
    if kind in ("", USCC) and (code := _credit_code(text, key, repairs, sure=False)):
        return code
    if kind and (other := judge(text, on=on)).form and other.form is not None:
        wrong = fault("N103", text, found=other.form.label, asked=certificates.label(kind))
        return _nothing(text, kind, wrong)
    if kind == USCC and (code := _credit_code(text, key, repairs, sure=True)):
        return code
    return _missed(text, key, repairs, kind)


def judge_all(texts: Iterable[str], *, on: dt.date) -> list[Judged]:
    """Judge many numbers at once, in their order; the same answers as ``judge`` one by one.

    Most numbers differ only in their last digits, about which no rule says more than that they are digits:
    what stands before those is judged once for all numbers that share it.
    """
    code_form, holds = _rules().credit_code, credit_code.holds
    heads: dict[str, Form] = {}
    form_of = heads.get
    judged: list[Judged] = []
    keep = judged.append
    for text in texts:
        tail = text[-_TAIL:]
        if (form := form_of(text[:-_TAIL])) and tail.isdigit() and tail.isascii():
            keep(Judged(text, form))
        elif holds(text) and credit_code.organisation_holds(text[8:17]):
            keep(Judged(text, code_form))
        else:
            one = judge(text, on=on)
            keep(one)
            if one.form and _head_decides(one):
                heads[text[:-_TAIL]] = one.form
    return judged


def _head_decides(judged: Judged) -> bool:
    """Whether a number without anything to say about it ends in digits that no rule looks at."""
    text, form = judged.text, judged.form
    if form is None or form.kind == USCC or judged.faults or judged.notes or judged.normalised != text:
        return False
    match = form.pattern.match(text)
    if match is None or len(text) <= _TAIL or form.pattern.groupindex.keys().isdisjoint({"category"}):
        return False
    ruled = [match.end(name) for name in _RULED if name in form.pattern.groupindex]
    return text[-_TAIL:].isdigit() and max(ruled) <= len(text) - _TAIL


def write(kind: str, form: str, fields: Mapping[str, str]) -> str:
    """The number in its printed form from the parts that ``Form.pattern`` names; what is absent is left out.

    ValueError when no writing of this kind and form can hold them.

    >>> write("device_filing", "current", {"org": "浙温", "year": "2014", "serial": "0027"})
    '浙温械备20140027号'
    """
    for entry in book().forms:
        known = entry.pattern.groupindex
        if (entry.kind, entry.form) == (kind, form) and fields.keys() <= known.keys():
            text = entry.writing.format_map(dict.fromkeys(known, "") | dict(fields)).rstrip("-")
            if entry.pattern.fullmatch(text):
                return text
    raise ValueError(f"{kind} {form}: {fields}")


def _nothing(text: str, kind: str, *faults: Fault, key: str = "", changes: Changes = ()) -> Judged:
    judged = Judged(text, None)
    judged.meant, judged.faults, judged.key, judged.changes = kind, faults, key, changes
    return judged


def _fitting(text: str, found: certificates.Found, repairs: Changes, on: dt.date) -> Judged:
    """A text that fits a form: what its parts say against each other and against the day."""
    judged = Judged(text, found.form)
    judged.key, judged.changes = found.key, repairs
    parts, form, rules = found.match.groupdict(), found.form, _rules()
    year = int(parts.get("year") or 0)
    faults = [
        fault(rule.problem, found.key, found=parts[rule.field])
        for rule in rules.combinations.get(form.kind, ())
        if form.form in rule.forms and rule.broken_by(parts)
    ]
    if year > on.year:
        faults.append(fault("N140", found.key, year=year, today=on.isoformat()))
    notes = [form.note] if form.note else []
    for remark in rules.remarks.get(form.kind, ()):
        if form.form not in remark.get("forms", (form.form,)):
            continue
        if (year and year < remark.get("year_before", 0)) or year > remark.get("year_after", year):
            notes.append(remark["says"].format(year=year))
    judged.faults, judged.notes = tuple(faults), tuple(notes)
    return judged


def _credit_code(text: str, key: str, repairs: Changes, *, sure: bool) -> Judged | None:
    """The text as a credit code; None where it is not meant as one."""
    code = credit_code.read(key)
    looks = dict(_rules().looks)[USCC]
    if not code.shape_ok and not sure and not looks.match(code.value):
        return None
    changes = [*repairs, (key, code.value, "去掉间隔符号")] if code.value != key else [*repairs]
    if not code.shape_ok:
        return _nothing(text, USCC, _shape_fault(text, code), key=code.value, changes=tuple(changes))
    judged = Judged(text, _rules().credit_code)
    judged.key, judged.changes = code.value, tuple(changes)
    if not code.check_ok:
        cut = "表格软件" in code.problem
        expected = credit_code.check_character(code.value)
        judged.faults = (
            fault("N112", text, why=code.problem)
            if cut
            else fault("N111", text, expected=expected, found=code.value[-1]),
        )
        judged.notes = ("校验位不符只作提示：确有真实代码不符，以营业执照和登记机关公示为准",)
    elif not credit_code.organisation_holds(code.value[8:17]):
        judged.notes = ("第 9–17 位组织机构代码自身的校验位不符，第 18 位相符，请核对原件",)
    return judged


def _shape_fault(text: str, code: credit_code.CreditCode) -> Fault:
    value = code.value
    if len(value) != credit_code.LENGTH:
        return fault("N113", text, why=code.problem)
    place = next((n for n in range(1, len(value) + 1) if not credit_code.may_stand(value[n - 1], n)), 0)
    likely = credit_code.likely(value)
    guess = f"可能是 {likely}，请对照营业执照核对" if likely else "请对照营业执照核对"
    return fault("N114", text, place=place, found=value[place - 1], guess=guess)


def _missed(text: str, key: str, repairs: Changes, kind: str) -> Judged:
    """A text that fits no form: which kind was meant, and what its slip is called."""
    rules = _rules()
    meant = kind or next((name for name, looks in rules.looks if looks.search(key)), "")
    if not meant:
        return _nothing(text, "", fault("N104", text), key=key, changes=repairs)
    for kinds_of, pattern, problem in rules.misses:
        if meant in kinds_of and (match := pattern.search(key)):
            parts = match.groupdict()
            found = fault(problem, text, found=parts.get("found"), count=len(parts.get("digits") or ""))
            return _nothing(text, meant, found, key=key, changes=repairs)
    form = next((f for f in rules.by_kind.get(meant, ()) if f.form != "food_and_drug"), rules.credit_code)
    wrong = fault("N105", text, label=certificates.label(meant), example=form.example)
    return _nothing(text, meant, wrong, key=key, changes=repairs)


def _fields(form: Form, groups: Mapping[str, str | None]) -> dict[str, Any]:
    raw = book().raw
    entry = raw["kind"].get(form.kind, {})
    names = entry.get("fields", {})
    parts = {name: value for name, value in groups.items() if value is not None}
    fields: dict[str, Any] = {names.get(name, name): value for name, value in parts.items()}
    for word in raw["word"]:
        if word["kind"] == form.kind and (said := word["words"].get(parts.get(word["field"], ""))):
            fields[word["as"]] = said
    if name := _authority(entry.get("authority", {}), parts):
        fields["authority"] = name
    if place := raw["place"].get((parts.get("province") or parts.get("org") or " ")[0]):
        fields["place"] = place
    if "category" in parts:
        fields |= _category(parts["category"], int(parts["year"]))
    if "l1" in parts:
        fields["category_name"] = raw["catalogue"]["name"][parts["l1"]]
    return fields


def _authority(names: Mapping[str, str], parts: Mapping[str, str]) -> str:
    """The office that gives such numbers, in words."""
    org = parts.get("province") or parts.get("org") or "国"
    place, city = book().raw["place"].get(org[0], ""), parts.get("city") or org[1:]
    level = "army" if org == "军" else "province" if place else "state"
    if city and "city" in names:
        level = "city"
    return names.get(level, "").format(place=place, city=city)


def _category(code: str, year: int) -> dict[str, str]:
    """What the two digits say: the catalogue in force when the product was first registered."""
    catalogue = book().raw["catalogue"]
    name = catalogue["name"].get(code, "")
    old = catalogue["old_says"].format(code=code)
    if code == catalogue["ivd"]:
        return {"catalogue": "ivd", "category_name": catalogue["ivd_name"]}
    if not name or year <= catalogue["old_until"]:
        return {"catalogue": "2002", "category_name": old}
    if year >= catalogue["new_from"]:
        return {"catalogue": "2017", "category_name": name}
    return {"catalogue": "2002/2017", "category_name": catalogue["either_says"].format(name=name, code=code)}


def _credit_code_fields(code: str, division: Callable[[str], str]) -> dict[str, Any]:
    names = book().raw["credit_code"]
    return {
        "registrar": code[0],
        "registrar_name": names["registrar"].get(code[0], ""),
        "category": code[1],
        "category_name": names["category"].get(code[:2], ""),
        "division": code[2:8],
        "division_name": division(code[2:8]),
        "organisation_code": code[8:17],
        "organisation_check_ok": credit_code.organisation_holds(code[8:17]),
        "check": code[17],
    }
