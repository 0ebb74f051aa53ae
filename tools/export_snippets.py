"""Runs the Python snippets of docs/export.md, and writes the gradient of each exported file with `seawall grad`.

Needs the packages that the page names, and a built dist/. Arguments: names of sections to run (default: all).
Prints a table; exits with 1 if a row failed.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECTION = re.compile(r"^## (.+?)$(.*?)(?=^## |\Z)", re.M | re.S)
SNIPPET = re.compile(r"```python\n(.*?)```", re.S)

# mmcv-lite comes without the compiled operators, which MMSegmentation imports and these snippets never call.
WITHOUT_OPERATORS = """
import importlib.machinery, sys, types

class Absent(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        def fail(*_, **__):
            raise NotImplementedError(name)
        return fail

if importlib.machinery.PathFinder.find_spec("mmcv") and "mmcv._ext" not in sys.modules:
    absent = Absent("mmcv._ext")
    absent.__spec__ = importlib.machinery.ModuleSpec("mmcv._ext", None)
    sys.modules["mmcv._ext"] = absent
"""


def run(command, folder):
    """Returns None if the command succeeds, else the last line that it printed."""
    environment = {**os.environ, "PYTHONPATH": folder}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return None if done.returncode == 0 else (lines or ["no output"])[-1]


def check(snippet):
    """Exports and differentiates in an empty folder. Returns the cells `exported` and `gradient`."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "snippet.py").write_text(snippet)
        Path(folder, "sitecustomize.py").write_text(WITHOUT_OPERATORS)
        error = run([sys.executable, "snippet.py"], folder)
        if error:
            return f"failed: {error}", "-"
        program = ["node", str(ROOT / "dist/cli/main.js"), "grad", "--model", "model.onnx"]
        error = run([*program, "--loss", "ce", "--out", "grad.onnx"], folder)
        return "yes", f"failed: {error}" if error else "yes"


def main():
    page = (ROOT / "docs/export.md").read_text()
    found = [(name, snippet) for name, body in SECTION.findall(page) for snippet in SNIPPET.findall(body)]
    if not found:
        sys.exit("docs/export.md: expected snippets marked ```python, found none")
    wanted = sys.argv[1:] or [name for name, _ in found]
    rows = [(name, *check(snippet)) for name, snippet in found if name in wanted]
    print("| framework | exported | gradient |\n|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    sys.exit(int(any(gradient != "yes" for _, _, gradient in rows)))


if __name__ == "__main__":
    main()
