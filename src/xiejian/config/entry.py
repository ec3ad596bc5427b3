"""Where the program starts: settings first, then the command line that needs them."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xiejian.config.settings")
django.setup()

from xiejian.cli.main import main  # noqa: E402  models can be imported only after django.setup()

__all__ = ["main"]
