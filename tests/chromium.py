"""Finds the Chromium that browser tests drive; ``python tests/chromium.py`` also installs it where that is safe.

Only the standard library is used, so that ``make`` can ask before anything is installed. Playwright's own download is
not used: the system's package is what distributions patch, and it needs no further address.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VARIABLE = "CHROMIUM"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-gpu",
    # Pictures are to be the same on any screen.
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
)
MISSING = (
    "livepairs: error: no Chromium was found and the browser tests need one; install it (Debian: apt-get install"
    f" chromium, Fedora: dnf install chromium, macOS: brew install --cask chromium) or set {VARIABLE} to its path;"
    " 'make quick' runs the tests that need none"
)


def find() -> str | None:
    """Return the browser named by the variable ``CHROMIUM``, or the first of the usual names on the PATH."""
    named = os.environ.get(VARIABLE)
    candidates = (named,) if named else NAMES
    return next((path for name in candidates if (path := shutil.which(name))), None)


def may_install() -> bool:
    """Return whether this is root on Debian itself; elsewhere a package of that name may be a stub."""
    release = Path("/etc/os-release")
    is_debian = release.exists() and "ID=debian" in release.read_text().splitlines()
    return is_debian and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install() -> None:
    """Install Debian's chromium without asking anything."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for verb in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        command = ["apt-get", "--quiet", *verb]
        print("+", *command, file=sys.stderr)
        subprocess.run(command, check=True, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def main() -> int:
    """Say which browser will be used; 2, with one line on what to install, if there is none."""
    if find() is None and may_install():
        install()
    path = find()
    if path is None:
        print(MISSING, file=sys.stderr)
        return 2
    print(f"browser tests use {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
