"""Run hisim from a fresh copy of this folder: ``python3 run.py demo``, ``python3 run.py test``, any command.

Needs Python and nothing else. The first call makes ``.venv`` beside this file and installs the locked
versions into it; later calls go straight to the command. The stamp inside ``.venv`` is written last, so
an installation that was interrupted is never taken for a finished one.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
STAMP = VENV / "hisim-ready"
PROGRAMS = VENV / ("Scripts" if os.name == "nt" else "bin")
ENDING = ".exe" if os.name == "nt" else ""
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
OLDEST, NEWEST = (3, 11), (3, 13)


def main(arguments):
    """Install what the command needs, unless it is there, and hand over to it."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        found, again = ".".join(map(str, sys.version_info[:3])), " ".join(["python3.13 run.py", *arguments])
        sys.exit(f"hisim needs Python 3.11, 3.12 or 3.13; this is {found}. Try: {again}")
    if arguments[:1] == ["install"]:
        return ensure("dev")
    testing = arguments[:1] == ["test"]
    ensure("dev" if testing else "run")
    if testing:
        os.chdir(HERE)
        return hand_over([program("python"), "-m", "pytest", "-n", "2", *arguments[1:]])
    return hand_over([program("hisim"), *(arguments or ["--help"])])


def ensure(wanted):
    """Make ``.venv`` hold the versions of the lock called ``wanted``; what tests need includes what runs need."""
    ready = STAMP.read_text("utf-8").split() if STAMP.exists() and Path(program("python")).exists() else []
    if any(mark(name) in ready for name in {wanted, "dev"}):
        return
    print("hisim: installing into .venv (once, about half a minute)", file=sys.stderr, flush=True)
    STAMP.unlink(missing_ok=True)
    make_venv()
    install(wanted)
    STAMP.write_text(mark(wanted) + "\n", "utf-8")


def mark(name):
    """Digest of all that decides what ``.venv`` holds: the lock, the package's declaration, the place."""
    digest = hashlib.sha256(os.fsencode(HERE))
    for file in (LOCKS[name], "pyproject.toml"):
        digest.update(b"\0" + (HERE / file).read_bytes())
    return f"{name}:{digest.hexdigest()}"


def make_venv():
    """A new, empty ``.venv``, in place of whatever an earlier or interrupted call left."""
    python = getattr(sys, "_base_executable", None) or sys.executable
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        package = "python{}.{}-venv".format(*sys.version_info[:2])
        sys.exit(f"hisim: this Python cannot make environments. On Debian or Ubuntu: sudo apt install {package}")
    step([python, "-m", "venv", "--clear", str(VENV)])


def install(wanted):
    """The locked versions, each checked against its digest, then this folder itself as an editable package."""
    lock, itself = ["--require-hashes", "-r", str(HERE / LOCKS[wanted])], ["--no-deps", "-e", str(HERE)]
    pip = [program("python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    uv = shutil.which("uv") or (program("uv") if succeeds([*pip, "install", "uv>=0.5"]) else None)
    if uv:
        uv_install = [uv, "--quiet", "pip", "install", "--compile-bytecode", "--python", program("python")]
        if succeeds([*uv_install, *lock]) and succeeds([*uv_install, *itself]):
            return
    step([*pip, "install", *lock])
    step([*pip, "install", *itself])


def program(name):
    """Path of a program inside ``.venv``."""
    return str(PROGRAMS / (name + ENDING))


def succeeds(command):
    """Whether ``command`` ran and reported success; what it printed is shown only by :func:`step`."""
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def step(command):
    """Run ``command`` and stop with its own words when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        sys.exit("hisim: the installation stopped (see above); run the same command again when that is mended")


def hand_over(command):
    """Become ``command`` where the system can; otherwise run it and return its exit code."""
    if os.name == "nt":
        return subprocess.call(command)
    sys.stdout.flush()
    os.execv(command[0], command)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
