"""Finds a container engine, and runs containers with it the way compose.yaml does. No tests here."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

VARIABLE = "CONTAINER_ENGINE"
NAMES = ("docker", "podman")
MISSING = (
    "no container engine answers here, and this test builds the image and runs it; start docker, install podman, or set"
    f" {VARIABLE} to the program"
)
HELD = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
"""What compose.yaml asks for, as options."""
BUILD_S = 3_000.0
PATIENCE_S = 180.0


def find() -> str | None:
    """Return the first engine on the PATH that answers; a client without its daemon does not."""
    named = os.environ.get(VARIABLE)
    return next((name for name in ((named,) if named else NAMES) if shutil.which(name) and _answers(name)), None)


def _answers(program: str) -> bool:
    with suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run([program, "info"], capture_output=True, timeout=30, check=False).returncode == 0
    return False


class Engine:
    """One engine; its errors are what it said."""

    def __init__(self, program: str) -> None:
        self.program = program

    def do(self, *arguments: str, stdin: str = "", allowed: Sequence[int] = (0,), timeout_s: float = PATIENCE_S) -> str:
        """Run one of its commands and return what it printed."""
        done = subprocess.run(
            [self.program, *arguments], input=stdin, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        assert done.returncode in allowed, f"{arguments}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout

    def has(self, image: str) -> bool:
        """Return whether an image is here, or can be fetched."""
        for verb in (["image", "inspect"], ["pull"]):
            if subprocess.run([self.program, *verb, image], capture_output=True, check=False).returncode == 0:
                return True
        return False

    def once(self, image: str, *command: str, options: Sequence[str] = (), stdin: str = "") -> str:
        """Run a command in a container of its own to its end, and return what it printed."""
        return self.do("run", "--rm", "--interactive", *HELD, *options, image, *command, stdin=stdin)

    @contextmanager
    def volume(self) -> Iterator[str]:
        """Yield the name of an empty volume that lasts as long as the block."""
        name = f"livepairs-test-{uuid.uuid4().hex[:8]}"
        self.do("volume", "create", name)
        try:
            yield name
        finally:
            self.do("volume", "rm", name)

    @contextmanager
    def running(self, image: str, *command: str, options: Sequence[str] = ()) -> Iterator[Container]:
        """Yield a container that runs in the background; it is gone after the block."""
        name = self.do("run", "--detach", "--publish", "127.0.0.1::5006", *HELD, *options, image, *command).strip()
        try:
            yield Container(self, name)
        finally:
            self.do("rm", "--force", "--volumes", name)


class Container:
    """One container of an engine."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name

    @property
    def base(self) -> str:
        """The URL of the published port, without a last slash."""
        return f"http://{self.engine.do('port', self.name, '5006').split()[0]}"

    def do(self, *command: str, allowed: Sequence[int] = (0,)) -> str:
        """Run a command inside."""
        return self.engine.do("exec", self.name, *command, allowed=allowed)

    def logs(self) -> str:
        """Return all that it printed; docker hands each stream to the stream of that name."""
        done = subprocess.run(
            [self.engine.program, "logs", self.name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=True,
        )  # fmt: skip
        return done.stdout

    def stop(self, grace_s: int = 60) -> int:
        """Have it stop, and return its exit code; 137 is of one that had to be killed."""
        self.engine.do("stop", "--time", str(grace_s), self.name)
        return int(self.engine.do("inspect", "--format", "{{.State.ExitCode}}", self.name))

    def wait_until(self, is_done: Callable[[], bool], what: str) -> None:
        """Look again and again until something holds."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            if is_done():
                return
            time.sleep(0.2)
        raise AssertionError(f"{what} did not come:\n{self.logs()}")
