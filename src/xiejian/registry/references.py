"""Which party a row of another file means: by credit code, else by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from xiejian.kernel import divisions
from xiejian.kernel.cells import Cells, name_key
from xiejian.kernel.problems import Problem
from xiejian.kernel.tabular import Column
from xiejian.numbers import credit_code
from xiejian.people.policy import Actor, visible
from xiejian.registry.columns import office_of, problems
from xiejian.registry.importing import spellings
from xiejian.registry.models import Party, PartyLink

#: The two columns by which a row names its party; one of them is required.
REFERENCE = ("统一社会信用代码", "主体名称")
REFERENCE_COLUMNS = (
    Column("统一社会信用代码", False, "与主体名称至少填一个", "", ("社会信用代码", "信用代码")),
    Column(
        "主体名称",
        False,
        "与统一社会信用代码至少填一个",
        "",
        ("企业名称", "单位名称", "被检查单位", "当事人"),
    ),
)


@dataclass(slots=True)
class PartyRef:
    """A stored party as other rooms' imports need it; ``tags`` by link as stored."""

    pk: int
    name: str
    uscc: str | None
    office_code: str
    tags: dict[str, str] = field(default_factory=dict)


class References:
    """The parties that a chunk of rows names, looked up in three queries."""

    def __init__(self, rows: Iterable[Cells], by: Actor) -> None:
        named = [(self._code(cells), cells.text("主体名称", 200)) for cells in rows]
        codes = {code for code, _ in named if code}
        names = {s for _, name in named if name for s in spellings(name)}
        mine = visible(Party.objects.order_by(), by, firm="uscc")
        fields = ("pk", "name", "uscc", "office_code")
        found = {row[0]: PartyRef(*row) for row in mine.filter(uscc__in=codes).values_list(*fields)}
        found |= {row[0]: PartyRef(*row) for row in mine.filter(name__in=names).values_list(*fields)}
        links = PartyLink.objects.order_by().filter(party_id__in=list(found))
        for pk, link, tags in links.values_list("party_id", "link", "tags"):
            found[pk].tags[link] = tags
        self._by_code = {ref.uscc: ref for ref in found.values() if ref.uscc}
        self._by_name: dict[str, list[PartyRef]] = {}
        for ref in found.values():
            self._by_name.setdefault(name_key(ref.name), []).append(ref)

    @staticmethod
    def _code(cells: Cells) -> str:
        text = cells.text("统一社会信用代码", 60)
        return credit_code.read(text).value if text else ""

    def find(self, cells: Cells, office_code: str = "") -> PartyRef | None:
        """The party of one row, or None with the problem noted in ``cells``.

        Of several parties with one name, the only one below ``office_code`` is meant.
        """
        code, name = self._code(cells), cells.text("主体名称", 200)
        if not code and not name:
            cells.refuse("K501", "主体名称")
            return None
        if code and (ref := self._by_code.get(code)):
            if name and name_key(name) != name_key(ref.name):
                cells.changed("主体名称", name, ref.name, "名称与名录不一致，以统一社会信用代码为准")
            return ref
        candidates = self._by_name.get(name_key(name), []) if name else []
        if code:
            if others := [ref for ref in candidates if ref.uscc]:
                cells.problems.append(
                    _problem("R209", REFERENCE[0], uscc=code, owner=_names(others), name=name)
                )
                return None
            candidates = [ref for ref in candidates if not ref.uscc]
        if len(candidates) > 1 and office_code:
            base = divisions.stem(office_code)
            candidates = [ref for ref in candidates if ref.office_code.startswith(base)] or candidates
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            cells.problems.append(_problem("R206", REFERENCE[1], name=name, count=len(candidates)))
        else:
            heading = REFERENCE[1] if name else REFERENCE[0]
            cells.problems.append(_problem("R208", heading, name=name or code))
        return None


def _names(refs: list[PartyRef]) -> str:
    return "、".join(f"{ref.name}（{ref.uscc}）" for ref in refs[:3])


def _problem(code: str, where: str, **facts: object) -> Problem:
    return problems(code, where, **facts)


def office_code(cells: Cells, heading: str) -> str:
    """The office code in a column, put into one writing; '' when empty, R103 when no such division exists."""
    text = cells.text(heading, 40).replace(" ", "")
    if not text:
        return ""
    if not divisions.is_known(text):
        cells.problems.append(problems("R103", heading, value=text))
        return ""
    return office_of(text)
