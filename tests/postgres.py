"""Finds the PostgreSQL that tests write to; ``python -m tests.postgres`` also installs it where that is safe.

Only the standard library is used, so that ``make`` can ask before anything is installed. The tests start a server of
their own in a folder of their own, reached through a socket there and by no address, and never as root; one that runs
on the machine already is not touched.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chromium import may_install

VARIABLE = "POSTGRES_BIN"
MISSING = (
    "no PostgreSQL was found, so the tests that write to it are skipped; install it (Debian: apt-get install"
    f" postgresql, Fedora: dnf install postgresql-server) or set {VARIABLE} to the folder of initdb and postgres"
)
USER = "livepairs"
START_S = 60.0


def find() -> Path | None:
    """Return the folder of PostgreSQL's programs: the one named, the one on the PATH, or Debian's newest."""
    named = os.environ.get(VARIABLE)
    on_path = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(4), reverse=True)
    candidates = [Path(named)] if named else [*([Path(on_path).resolve().parent] if on_path else []), *debian]
    return next(
        (path for path in candidates if all((path / name).exists() for name in ("initdb", "postgres", "pg_isready"))),
        None,
    )


def install() -> None:
    """Install Debian's postgresql without asking anything."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for verb in (["update"], ["install", "--yes", "--no-install-recommends", "postgresql"]):
        command = ["apt-get", "--quiet", *verb]
        print("+", *command, file=sys.stderr)
        subprocess.run(command, check=True, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr)


@contextmanager
def server() -> Iterator[str]:
    """Run a PostgreSQL of our own while the block lasts, and give the URL of its database ``postgres``."""
    programs = find()
    assert programs is not None, MISSING
    folder = Path(tempfile.mkdtemp(prefix="livepairs-postgres-"))
    # PostgreSQL refuses to run as root; whoever runs it owns the folder.
    owner = _unprivileged() if os.geteuid() == 0 else None
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    try:
        with _running(programs, folder, {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid}):
            yield f"postgresql://{USER}@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder)


@contextmanager
def _running(programs: Path, folder: Path, identity: dict[str, int]) -> Iterator[None]:
    data = folder / "data"
    make = [
        programs / "initdb",
        "--pgdata",
        data,
        "--username",
        USER,
        "--auth",
        "trust",
        "--no-sync",
        "--encoding",
        "UTF8",
    ]
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    subprocess.run(make, check=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL, **identity)
    given = ("listen_addresses=", f"unix_socket_directories={folder}", "fsync=off", "shared_buffers=128MB")
    command = [programs / "postgres", "-D", data, *(part for setting in given for part in ("-c", setting))]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, **identity)
    try:
        _wait_for([str(programs / "pg_isready"), "--quiet", "--host", str(folder)], process, folder / "log")
        yield
    finally:
        # Its immediate shutdown: nothing it holds is wanted any more, and a test that failed may have left it a client.
        process.send_signal(signal.SIGQUIT)
        process.wait()


def _wait_for(is_ready: list[str], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until it takes clients; its socket is there before it does."""
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        if subprocess.run(is_ready, check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise AssertionError(f"PostgreSQL does not start: {log.read_text(errors='replace')[-2000:]}")


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("there is no user postgres or nobody to run PostgreSQL as")


def main() -> int:
    """Say which PostgreSQL will be used; never an error, because the tests that need it skip without it."""
    if find() is None and may_install():
        install()
    path = find()
    print(f"tests of the history use PostgreSQL in {path}" if path else f"livepairs: {MISSING}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
