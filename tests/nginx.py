"""Finds the nginx that tests put before the server; ``python tests/nginx.py`` installs it where that is safe."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import chromium

VARIABLE = "NGINX"
MISSING = (
    "no nginx was found and this test puts one in front of the server; install it (Debian: apt-get install nginx-light)"
    f" or set {VARIABLE} to its path"
)

CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
{locations}
  }}
}}
"""


def find() -> str | None:
    """Return the nginx named by the variable ``NGINX``, or the one on the PATH; Debian's is beside what root runs."""
    named = os.environ.get(VARIABLE)
    return shutil.which(named) if named else shutil.which("nginx") or shutil.which("/usr/sbin/nginx")


def install() -> None:
    """Install Debian's smallest nginx without asking anything."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for verb in (["update"], ["install", "--yes", "--no-install-recommends", "nginx-light"]):
        command = ["apt-get", "--quiet", *verb]
        print("+", *command, file=sys.stderr)
        subprocess.run(command, check=True, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr)


@contextmanager
def running(folder: Path, port: int, locations: str) -> Iterator[str]:
    """Run nginx on a port of this machine, with these locations, and yield its URL."""
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, locations=locations))
    program = find()
    assert program is not None
    process = subprocess.Popen(
        [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def main() -> int:
    """Say which nginx will be used; 2, with one line on what to install, if there is none."""
    if find() is None and chromium.may_install():
        install()
    path = find()
    print(f"nginx is {path}" if path else f"livepairs: error: {MISSING}", file=sys.stdout if path else sys.stderr)
    return 0 if path else 2


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    sys.exit(main())
