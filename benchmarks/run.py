"""Run every benchmark and print one line each: what, ratio against its peer, what is needed.

`make bench` runs this. Each module of this folder with a function ``run()`` returns one
result or a list of them: name, ratio (ours against the peer, higher is better), need,
detail. A ratio below its need makes the exit code 1; absolute times are only detail,
because machines differ.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
#: modules that need a PostgreSQL server run under scripts/postgres, each in a process of its own
MODULES = sorted(p.stem for p in HERE.glob("*.py") if p.stem != "run" and "def run(" in p.read_text("utf-8"))


def one(name: str) -> int:
    """Run one module here and print its results."""
    sys.path.insert(0, str(HERE))
    found = importlib.import_module(name).run()
    failed = 0
    for result in found if isinstance(found, list) else [found]:
        verdict = "ok" if result["ratio"] >= result["need"] else "BELOW"
        print(
            f"{result['name']}: {result['ratio']:.1f}× (need {result['need']}×, {verdict})",
            result["detail"],
            flush=True,
        )
        failed = failed or int(result["ratio"] < result["need"])
    return failed


def main() -> int:
    if len(sys.argv) > 1:
        return one(sys.argv[1])
    failed = 0
    for name in MODULES:
        code = subprocess.run(
            [HERE.parent / "scripts" / "postgres", sys.executable, __file__, name], env=dict(os.environ)
        ).returncode
        failed = failed or code
    return failed


if __name__ == "__main__":
    sys.exit(main())
