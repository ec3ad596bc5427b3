"""The command line: one group, each command in the module of its subject."""

from __future__ import annotations

import click

from xiejian.cli import docs, documents, draw, grade, imports, packs, plan, server, tables
from xiejian.cli.demo import command as demo


@click.group(help="械监：医疗器械监管业务系统")
def main() -> None:
    """Entry point of ``xiejian``."""


for module in (demo, docs, documents, draw, grade, imports, packs, plan, server, tables):
    for item in module.COMMANDS:
        main.add_command(item)
