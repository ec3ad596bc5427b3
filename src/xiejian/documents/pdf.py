"""PDF of a Word document by LibreOffice, where the machine has it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from xiejian.documents.drafts import problems
from xiejian.kernel.problems import Refused

_PROGRAMS = ("soffice", "libreoffice")
_SECONDS = 120


def program() -> str | None:
    """LibreOffice on this machine, None when there is none."""
    return next((found for name in _PROGRAMS if (found := shutil.which(name))), None)


def convert(docx: Path, target: Path) -> None:
    """Set a Word document as PDF. Refused (D109) without LibreOffice, (D110) when it fails.

    Each call has a profile of its own: two conversions at once then do not stop each other.
    """
    office = program()
    if office is None:
        raise Refused(problems("D109", target.name))
    with tempfile.TemporaryDirectory() as folder:
        command = [
            office, "--headless", "--norestore", f"-env:UserInstallation={Path(folder, 'profile').as_uri()}",
            "--convert-to", "pdf", "--outdir", folder, str(docx),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise Refused(problems("D110", target.name, why=f"{_SECONDS} 秒内没有完成")) from error
        made = Path(folder, f"{docx.stem}.pdf")
        if not made.exists():
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise Refused(problems("D110", target.name, why=said[-1] if said else "没有输出"))
        shutil.move(made, target)


def write(set_docx: Callable[[Path], None], target: Path) -> None:
    """Let ``set_docx`` write a Word document and keep it as PDF at ``target``."""
    with tempfile.TemporaryDirectory() as folder:
        docx = Path(folder, "paper.docx")
        set_docx(docx)
        convert(docx, target)
