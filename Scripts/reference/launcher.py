"""Restarts a script inside a virtual environment with the pinned reference libraries."""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[1]
REQUIREMENTS = SCRIPTS / "requirements.txt"
WITHOUT_DEPENDENCIES = SCRIPTS / "requirements-no-deps.txt"
MARK = "REFERENCE_ENVIRONMENT"


def enter(folder, python=None):
    """Make sure this process runs with the reference libraries; it is replaced by a new one where it does not.

    `python` names an interpreter that has them already. Without it the environment in `folder` is used, created
    and filled from the files of requirements at first and whenever one of them changes.
    """
    if os.environ.get(MARK):
        return
    interpreter = Path(python) if python else _prepared(folder)
    os.environ[MARK] = str(interpreter)
    sys.stdout.flush()
    os.execv(interpreter, [str(interpreter), *sys.argv])


def _prepared(folder):
    """Create the environment where needed and return its interpreter."""
    interpreter, stamp = folder / "bin/python", folder / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + WITHOUT_DEPENDENCIES.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"Creating the reference environment in {folder} (a few minutes, once).", file=sys.stderr)
        venv.EnvBuilder(with_pip=True, clear=True).create(folder)
        install = [str(interpreter), "-m", "pip", "install", "--quiet", "--requirement"]
        subprocess.run([*install, str(REQUIREMENTS)], check=True)
        subprocess.run([*install, str(WITHOUT_DEPENDENCIES), "--no-deps"], check=True)
        stamp.write_text(wanted)
    return interpreter
