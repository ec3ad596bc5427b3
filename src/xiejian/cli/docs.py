"""docs: the reference pages, written from what the program reads itself, and checked for age.

Each page is one function: nothing in, Markdown out. ``xiejian docs --check`` exits 1 when a page on
disk differs from what the program would write, so the pages never say what is no longer so.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

import xiejian
from xiejian.cli.output import command, emit, json_option
from xiejian.inspections import checklists
from xiejian.kernel import facts, laws, packs, workflow
from xiejian.people import policy
from xiejian.people.permissions import FIRM_PERMISSIONS, PERMISSIONS

PACKAGE = Path(xiejian.__file__).parent
NOTE = "<!-- Written by `xiejian docs`. Do not edit: change what it is written from. -->"
CLASSIFICATIONS = {"public": "公开", "internal": "内部", "personal": "个人信息"}


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A Markdown table; bars and line breaks inside a cell are kept harmless."""

    def line(cells: Iterable[object]) -> str:
        shown = (str(c).replace("|", "\\|").replace("\n", " ").strip() for c in cells)
        return "| " + " | ".join(shown) + " |"

    return [line(headings), line("---" for _ in headings), *(line(row) for row in rows)]


def status(unverified: bool, checked: str = "") -> str:
    return "未核实" if unverified else checked or "已核实"


def workflows() -> list[str]:
    """Every workflow table of the rooms, drawn and as a list."""
    lines = [
        "# Workflows",
        "",
        "One table per subject; the check, the buttons and this page read the same file.",
    ]
    found = [workflow.load(path) for path in sorted(PACKAGE.glob("*/*workflow.toml"))]
    for flow in sorted(found, key=lambda f: f.subject):
        lines += ["", f"## {flow.subject}", "", "```mermaid", flow.mermaid(), "```", ""]
        lines += table(
            ["action", "操作", "from", "to", "权限"],
            (
                [
                    f"`{t.action}`",
                    t.label,
                    "、".join(flow.states[s] for s in t.sources),
                    flow.states[t.to],
                    (PERMISSIONS | FIRM_PERMISSIONS)[t.permission],
                ]
                for t in flow.transitions
            ),
        )
    return lines


def permissions() -> list[str]:
    """Roles × permissions, and how far each permission reaches."""
    roles = policy.roles()
    lines = [
        "# Permissions",
        "",
        "Refused unless a cell is marked. A role never reaches beyond its bounds.",
        "",
    ]
    rows = []
    for name, label in PERMISSIONS.items():
        bounds = "；或 ".join(
            " 且 ".join(predicate.__name__ for predicate in line)
            for line in policy.LINES.get(name, policy.BOUNDED)
        )
        held = ["✓" if name in entry["permissions"] else "" for entry in roles.values()]  # type: ignore[operator]
        rows.append([f"`{name}`", label, *held, f"`{bounds}`"])
    labels = [policy.role_label(role) for role in roles]
    return lines + table(["permission", "权限", *labels, "bounds"], rows)


def problem_pages() -> list[str]:
    """Every numbered problem of every room."""
    lines = ["# Problems", "", "What happened and what to do next. `{…}` is filled in when it happens."]
    for path in sorted(PACKAGE.glob("*/problems.toml")):
        with path.open("rb") as file:
            entries = tomllib.load(file)
        lines += ["", f"## {path.parent.name}", ""]
        lines += table(
            ["code", "message", "next", "clause"],
            ([code, e["message"], e["next"], e.get("clause", "")] for code, e in sorted(entries.items())),
        )
    return lines


def fact_tables() -> list[str]:
    """Every published fact table with its columns and their class."""
    lines = ["# Fact tables", "", "What figures may rely on; one row is one record of the office's year."]
    for name, fact in sorted(facts.published().items()):
        lines += ["", f"## {name}", "", fact.meaning, ""]
        lines += table(
            ["column", "type", "meaning", "class"],
            (
                [f"`{c.name}`" + (" (key)" if c.name == fact.key else ""), c.type, c.meaning,
                 CLASSIFICATIONS[c.classification]]
                for c in fact.columns
            ),
        )  # fmt: skip
    return lines


def _grading_lines() -> Iterator[str]:
    for pack_id in packs.known():
        pack = packs.load(pack_id)
        since = f"{pack.from_on or '…'} – {pack.until_on or '…'}"
        yield from ["", f"## {pack.id}", "", f"{pack.title}。{pack.meaning}（{pack.citation}；{since}）", ""]
        taken_over = {path for base in pack.extends for path in packs.load(base).files}
        yield from _examples(path for path in pack.files if path not in taken_over)
        yield from table(
            ["rule", "环节", "meaning", "citation", "status"],
            (
                [
                    r.id,
                    "、".join(getattr(r, "links", ())),
                    r.meaning,
                    r.citation,
                    status(r.unverified, getattr(r, "checked", "")),
                ]
                for r in packs.rules(pack)
            ),
        )


def _examples(paths: Iterable[Path]) -> Iterator[str]:
    """How many worked examples stand beside the files, with a link to each file of them."""
    root = packs.root()
    for path in paths:
        beside = path.with_suffix(".examples.toml")
        if beside.is_file():
            count = len(tomllib.loads(beside.read_text(encoding="utf-8")).get("example", []))
            name = beside.relative_to(root).as_posix()
            yield from [f"{count} 个示例：[{name}](../../packs/{name})", ""]


def _law_lines() -> Iterator[str]:
    """The law library, as it stands in the packs."""
    yield from ["", "## national/laws", ""]
    yield from table(
        ["law", "title", "number", "from", "until", "replaces", "status"],
        (
            [one.id, one.title, one.number, one.from_on or one.undated, one.until_on or "",
             "、".join(one.replaces), status(one.unverified, one.checked)]
            for one in laws.load().laws.values()
        ),
    )  # fmt: skip


def _checklist_lines() -> Iterator[str]:
    for checklist in checklists.checklists().values():
        scope = "；".join(
            filter(None, ["、".join(checklist.links), "、".join(checklist.tags), "、".join(checklist.kinds)])
        )
        yield from ["", f"## checklists/{checklist.id}", ""]
        yield from [
            f"{checklist.title}（{scope}）。判定规则 {checklist.judgement}，版本 {checklist.version}",
            "",
        ]
        yield from table(
            ["point", "关键", "检查内容", "citation", "status"],
            (
                [p.id, "※" if p.key else "", p.text, p.citation, status(p.unverified, p.checked)]
                for p in checklist.points
            ),
        )


def _entries(value: Any) -> Iterator[dict[str, Any]]:
    """Every table inside a TOML document that says what it means."""
    if isinstance(value, dict):
        if value.get("meaning"):
            yield value
        for inner in value.values():
            yield from _entries(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _entries(inner)


def _other_lines() -> Iterator[str]:
    """The remaining pack files, by whatever entries carry a meaning."""
    root = packs.root()
    for path in sorted(root.glob("*/*.toml")):
        special = path.parent.name == "checklists" or path.name.startswith(("grading", "laws"))
        if special or path.name.endswith(".examples.toml"):
            continue
        with path.open("rb") as file:
            found = [
                [e.get("id", ""), e["meaning"], e.get("citation", ""),
                 status(bool(e.get("unverified")), e.get("checked", "")) if e.get("citation") else ""]
                for e in _entries(tomllib.load(file))
            ]  # fmt: skip
        if found:
            yield from ["", f"## {path.relative_to(root).with_suffix('').as_posix()}", ""]
            yield from _examples([path])
            yield from table(["id", "meaning", "citation", "status"], found)


def rules() -> list[str]:
    """Every rule of every pack: meaning, citation, and whether the source was read."""
    return [
        "# Packs",
        "",
        "Rules as data. 未核实: from memory or from a second source; shown as such wherever it is applied.",
        *_grading_lines(),
        *_checklist_lines(),
        *_other_lines(),
        *_law_lines(),
    ]


def _parameter(parameter: click.Parameter) -> list[str]:
    if isinstance(parameter, click.Option):
        names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
        return [names, parameter.help or ""]
    return [f"`{parameter.human_readable_name}`", ""]


def _command_lines(name: str, found: click.Command) -> Iterator[str]:
    if isinstance(found, click.Group):
        context = click.Context(found)
        for key in sorted(found.list_commands(context)):
            if (inner := found.get_command(context, key)) is not None:
                yield from _command_lines(f"{name} {key}", inner)
        return
    yield from ["", f"## {name}", "", (found.help or "").strip()]
    if rows := [_parameter(p) for p in found.params]:
        yield from ["", *table(["argument", "meaning"], rows)]


def commands() -> list[str]:
    """Every command with its arguments, as the program itself knows them."""
    root = click.get_current_context().find_root().command
    intro = "`--json` prints one JSON document. Exit 0: done; 1: done with refusals; 2: unusable input."
    return ["# Commands", "", intro, *_command_lines("xiejian", root)]


PAGES = {
    "workflows.md": workflows,
    "permissions.md": permissions,
    "problems.md": problem_pages,
    "facts.md": fact_tables,
    "packs.md": rules,
    "commands.md": commands,
}


def write(folder: Path, check: bool) -> tuple[list[str], list[str]]:
    """(pages that were right, pages that were not); without ``check`` the second are written."""
    fresh, old = [], []
    for name, page in PAGES.items():
        path = folder / name
        text = "\n".join([NOTE, "", *page()]).rstrip() + "\n"
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            fresh.append(name)
            continue
        old.append(name)
        if not check:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return fresh, old


@click.command(help="由程序写出参考文档；--check 只检查是否过期（过期时退出码 1）")
@click.option("--check", is_flag=True, help="只检查，不写")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="写到哪个文件夹（默认为项目的 docs/reference）",
)
@json_option
@command()
def docs(check: bool, folder: Path | None, as_json: bool) -> None:
    fresh, old = write(folder or PACKAGE.parents[1] / "docs" / "reference", check)
    said = "已过期" if check else "已写出"
    text = f"{said}：{'、'.join(old)}" if old else "参考文档都是最新的"
    emit({"current": fresh, "old" if check else "written": old}, as_json, text)
    sys.exit(1 if check and old else 0)


COMMANDS = [docs]
