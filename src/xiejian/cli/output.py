"""What every command does that works on the store: bring it up to date, then answer as ``answer`` says."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from xiejian.cli.answer import emit, json_option, say, unusable
from xiejian.kernel.problems import Refused

__all__ = ["command", "emit", "json_option", "say", "unusable", "upgrade_store"]


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
