"""Runs the Python snippets of docs/export.md, and writes the gradient of each exported file with `seawall grad`.

Needs the packages that the page names, and a built dist/. Prints a table; exits with 1 if a row failed.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECTION = re.compile(r"^## (.+?)$(.*?)(?=^## |\Z)", re.M | re.S)
SNIPPET = re.compile(r"```python\n(.*?)```", re.S)


def run(command, folder):
    """Returns None if the command succeeds, else the last line that it printed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return None if done.returncode == 0 else (lines or ["no output"])[-1]


def check(snippet):
    """Exports and differentiates in an empty folder. Returns the cells `exported` and `gradient`."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "snippet.py").write_text(snippet)
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
    rows = [(name, *check(snippet)) for name, snippet in found]
    print("| framework | exported | gradient |\n|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    sys.exit(int(any(gradient != "yes" for _, _, gradient in rows)))


if __name__ == "__main__":
    main()
