"""The command line: one group, each command in the module of its subject, read only when it is called."""

from __future__ import annotations

from importlib import import_module

import click

#: Questions that need no store: they start without Django, in a fraction of the time.
ANSWERS: dict[str, str] = {
    "due": "due",
    "number": "number",
    "penalty": "penalty",
    "signals": "signals",
    "trend": "signals",
    "udi": "udi",
}
#: command → the module of this room that holds it. A start should cost what its command needs, no more.
COMMANDS = ANSWERS | {
    "assistance": "online",
    "case": "case",
    "clocks": "clocks",
    "coldchain": "coldchain",
    "credit": "credit",
    "daily-report": "lead",
    "demo": "demo.command",
    "docs": "docs",
    "document": "documents",
    "draw": "draw",
    "event": "event",
    "hospital": "hospital",
    "firm": "firm",
    "grade": "grade",
    "import": "imports",
    "init": "server",
    "lead": "lead",
    "liaison": "liaison",
    "online": "online",
    "packs": "packs",
    "plan": "plan",
    "sales": "sales",
    "sample": "sample",
    "recall": "recall",
    "record": "record",
    "risk": "risk",
    "schedule": "schedule",
    "self-inspection": "self_inspection",
    "serve": "server",
    "table": "tables",
    "trace": "trace",
    "verify": "server",
    "what-if": "what_if",
}


class Commands(click.Group):
    """A group whose commands are found by name and imported then."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"xiejian.cli.{COMMANDS[cmd_name]}")
        return next(command for command in module.COMMANDS if command.name == cmd_name)


@click.group(cls=Commands, help="械监：医疗器械监管业务系统")
def main() -> None:
    """Entry point of ``xiejian``."""
