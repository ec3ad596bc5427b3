"""The reference pages: written from what the program reads, and known to be old when they are."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from xiejian.cli import docs
from xiejian.cli.main import main
from xiejian.inspections import actions, checklists
from xiejian.kernel import facts, packs
from xiejian.people.permissions import PERMISSIONS


def run(*arguments):
    return CliRunner().invoke(main, ["docs", *map(str, arguments)])


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The text of every page by name."""
    folder = tmp_path_factory.mktemp("reference")
    assert run("--folder", folder).exit_code == 0
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


class TestCheck:
    def test_missing_pages_are_old(self, tmp_path):
        result = run("--check", "--json", "--folder", tmp_path)
        assert result.exit_code == 1
        assert json.loads(result.stdout)["old"] == list(docs.PAGES)

    def test_checking_writes_nothing(self, tmp_path):
        run("--check", "--folder", tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_fresh_pages_are_current(self, tmp_path):
        run("--folder", tmp_path)
        assert run("--check", "--folder", tmp_path).exit_code == 0

    def test_an_edited_page_is_old(self, tmp_path):
        run("--folder", tmp_path)
        (tmp_path / "workflows.md").write_text("mine", encoding="utf-8")
        assert json.loads(run("--check", "--json", "--folder", tmp_path).stdout)["old"] == ["workflows.md"]


class TestPages:
    def test_every_workflow_is_drawn(self, pages):
        for flow in (actions.VISIT_WORKFLOW, actions.CORRECTION_WORKFLOW):
            assert flow.mermaid() in pages["workflows.md"]

    def test_every_permission_is_listed(self, pages):
        assert all(f"`{name}`" in pages["permissions.md"] for name in PERMISSIONS)

    def test_every_problem_is_listed_with_its_clause(self, pages):
        line = next(row for row in pages["problems.md"].splitlines() if row.startswith("| I305 "))
        assert "医疗器械经营监督管理办法第四十九条" in line

    def test_every_fact_column_is_listed(self, pages):
        for fact in facts.published().values():
            assert all(f"`{column.name}`" in pages["facts.md"] for column in fact.columns)

    def test_every_rule_and_check_point_is_listed(self, pages):
        ids = {rule.id for pack_id in packs.known() for rule in packs.rules(packs.load(pack_id))}
        ids |= {point.id for checklist in checklists.checklists().values() for point in checklist.points}
        listed = {row.split(" | ")[0][2:] for row in pages["packs.md"].splitlines() if row.startswith("| ")}
        assert ids <= listed

    def test_every_command_is_listed(self, pages):
        assert all(f"## xiejian {name}" in pages["commands.md"] for name in main.commands)

    def test_no_page_names_a_path_of_this_machine(self, pages):
        assert not [name for name, text in pages.items() if str(docs.PACKAGE.parents[1]) in text]


def test_a_bar_in_a_cell_does_not_split_it():
    assert docs.table(["a"], [["|无菌|"]])[-1] == "| \\|无菌\\| |"
