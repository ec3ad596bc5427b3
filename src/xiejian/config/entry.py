"""Where the program starts: settings first, where the command needs the store, then the command line."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from xiejian.cli.main import ANSWERS
from xiejian.cli.main import main as commands


def main() -> None:
    """Run one command; a one-off answer does without settings, database and web, and starts the faster."""
    if not (len(sys.argv) > 1 and sys.argv[1] in ANSWERS):
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xiejian.config.settings")
        import_module("django").setup()
    commands()
