"""One environment for each peer, in ``.venvs`` beside this file: ``python3 benchmarks/peers/install.py [NAME ...]``.

Needs Python and nothing else. The versions are those in ``requirements/NAME.txt``; an environment is made anew when
they change. The stamp inside is written last, so an interrupted installation is never taken for a finished one.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = sorted(path.stem for path in (HERE / "requirements").glob("*.txt"))
PROGRAMS = "Scripts" if os.name == "nt" else "bin"


def python_of(folder: Path) -> Path:
    """The interpreter of the environment in ``folder``."""
    return folder / PROGRAMS / ("python.exe" if os.name == "nt" else "python")


def install(name: str) -> str | None:
    """Make the environment unless it is there; the error, if there is one."""
    folder, pins = HERE / ".venvs" / name, HERE / "requirements" / f"{name}.txt"
    stamp = folder / "ready"
    wanted = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return None
    print(f"installing {name} ...", file=sys.stderr, flush=True)
    pip = [str(python_of(folder)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", "--clear", str(folder)], [*pip, "--requirement", str(pins)]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            errors = [line for line in lines if line.startswith("ERROR")]
            return (errors or lines or [f"exit status {done.returncode}"])[-1]
    stamp.write_text(wanted, "utf-8")
    return None


def main(names: list[str]) -> int:
    """Install the environments named, or all; say which could not be made and why."""
    unknown = sorted(set(names) - set(ENVIRONMENTS))
    if unknown:
        print(f"no such environment: {', '.join(unknown)}; there are {', '.join(ENVIRONMENTS)}", file=sys.stderr)
        return 2
    failed = {name: error for name in names or ENVIRONMENTS if (error := install(name))}
    for name, error in failed.items():
        print(f"{name} could not be installed: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
