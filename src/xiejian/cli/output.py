"""What every command does alike: JSON alone on standard output, problems with their exit code, the store."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from typing import Any

import click
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from xiejian.kernel.problems import Problem, Refused

json_option = click.option("--json", "as_json", is_flag=True, help="one JSON document on standard output")


def emit(answer: Any, as_json: bool, text: str = "") -> None:
    """Print the answer: the JSON document alone, or ``text`` for people."""
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, default=str))
    else:
        click.echo(text or json.dumps(answer, ensure_ascii=False, indent=2, default=str))


def say(message: str) -> None:
    """A message or progress, on standard error."""
    click.echo(message, err=True)


def unusable(problem: Problem, as_json: bool) -> None:
    """Print the problem and leave with exit code 2: the input cannot be used."""
    if as_json:
        click.echo(json.dumps(problem.as_json(), ensure_ascii=False))
    else:
        say(f"[{problem.code}] {problem}")
    sys.exit(2)


def upgrade_store() -> None:
    """Create or upgrade the database where it is not up to date."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)


def command(stored: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a command function: Refused becomes exit 2; ``stored`` first brings the database up to date.

    The function must take ``as_json`` (use ``json_option``).
    """

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(*args: Any, **options: Any) -> Any:
            try:
                if stored:
                    upgrade_store()
                return function(*args, **options)
            except Refused as refused:
                unusable(refused.first, bool(options.get("as_json")))

        return run

    return wrap
