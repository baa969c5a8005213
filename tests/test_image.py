"""The image, built and run by a container engine as the documents say: minutes, so only ``make soak`` does it.

What compose.yaml holds a container to is asked for here too: another user than root, no capabilities, a read-only root
file system, recordings in a volume. test_house_container.py reads the same files where there is no engine.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from livepairs import __version__
from tests.browser.serving import ask, visiting
from tests.dockerfile import read_stages
from tests.engine import BUILD_S, MISSING, Container, Engine, find

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = read_stages(ROOT / "Dockerfile")[-1]
SERVE = ("serve", "--address", "0.0.0.0", "--insecure-public")

pytestmark = [pytest.mark.soak, pytest.mark.slow]


@pytest.fixture(scope="module")
def engine() -> Engine:
    program = find()
    if program is None:
        pytest.skip(MISSING)
    return Engine(program)


@pytest.fixture(scope="module")
def image(engine: Engine) -> Iterator[str]:
    """Build the image as it stands, and take it away in the end; layers stay in the engine's cache."""
    if not engine.has(RUNTIME.image):
        pytest.skip(f"{RUNTIME.image}, which the image is built on, is not here and no registry gives it")
    name = "livepairs:under-test"
    engine.do("build", "--tag", name, str(ROOT), timeout_s=BUILD_S)
    yield name
    engine.do("image", "rm", name)


def await_health(container: Container) -> None:
    """Wait until the check that the image brings along is content."""
    words = json.loads(RUNTIME.of("HEALTHCHECK")[-1].partition("CMD ")[2])

    def is_healthy() -> bool:
        return container.do("sh", "-c", f"{shlex.join(words)} 2>/dev/null && echo yes", allowed=(0, 1)) != ""

    container.wait_until(is_healthy, "health")


def test_it_holds_the_program_and_neither_the_source_nor_tools_to_build_it(engine: Engine, image: str) -> None:
    assert engine.once(image, "--version") == f"livepairs {__version__}\n"
    look = "find / -xdev '(' -name constraints.txt -o -name 'livepairs*.whl' -o -path '/opt/*/pip' ')' 2>/dev/null"
    assert engine.once(image, "-c", f"{look} || true", options=("--entrypoint", "sh")) == ""
    built = json.loads(engine.do("image", "inspect", image))[0]["Config"]
    assert built["User"] == "10001:10001"
    names = {line.partition("=")[0] for line in built["Env"]}
    assert [name for name in names if name.startswith(("PIP_", "HTTP"))] == []


def test_the_demo_is_shown_to_a_browser_and_stops_when_told(
    engine: Engine, image: str, chromium_browser: Browser
) -> None:
    with engine.running(image) as container:
        await_health(container)
        assert container.do("id", "-u").strip() == "10001"
        assert container.do("sh", "-c", "touch /opt/x 2>&1 || true").endswith("Read-only file system\n")
        assert re.search(r"CapEff:\s+0+\n", container.do("cat", "/proc/1/status"))
        with visiting(chromium_browser, container.base) as visitor:
            visitor.go("market")
            visitor.wait_for_newer("bars-y", than=visitor.newest("bars-y"))
            assert visitor.errors == []
        assert container.stop() == 0
        assert "Traceback" not in container.logs()


def test_what_is_recorded_into_the_volume_is_sealed_when_stopped_and_served_from_it(engine: Engine, image: str) -> None:
    with engine.volume() as volume:
        options = ("--volume", f"{volume}:/recordings")
        with engine.running(image, "record", "synthetic:?seed=7", "--to", "first", options=options) as container:
            container.wait_until(lambda: " trades, " in container.logs(), "the first trades")
            assert container.stop() == 130
            assert '"path": "/recordings/first"' in container.logs()
        assert "replays to the very digest it had live" in engine.once(image, "verify", "first", options=options)
        with engine.running(image, *SERVE, "first", options=options) as container:
            await_health(container)
            shelf = json.loads(ask(container.base, "/api/v1/recordings")[2])
            assert "first" in json.dumps(shelf)


@pytest.mark.parametrize("user", ["12345", "12345:0"])
def test_it_works_as_a_user_that_the_image_does_not_know(engine: Engine, image: str, user: str) -> None:
    with engine.volume() as volume:
        options = ("--user", user, "--volume", f"{volume}:/recordings")
        engine.once(image, "synthesize", "--to", "mine", "--hours", "0.05", options=options)
        with engine.running(image, *SERVE, "mine", options=options) as container:
            await_health(container)
            assert ask(container.base, "/market")[0] == 200


def test_users_are_made_beside_it_and_asked_for_below_a_prefix(engine: Engine, image: str) -> None:
    with engine.volume() as volume:
        mount, file = ("--volume", f"{volume}:/users"), "/users/file"
        # A volume is root's at a path that the image does not have.
        engine.once(image, "-c", "chmod 777 /users", options=(*mount, "--user", "0", "--entrypoint", "sh"))
        engine.once(image, "passwd", file, "ann", "--role", "viewer", options=mount, stdin="long enough\n")
        token = engine.once(image, "passwd", file, "ann", "--token-days", "1", options=mount).strip()
        serve = ("serve", "--address", "0.0.0.0", "--auth", file, "--prefix", "/desk")
        with engine.running(image, *serve, options=("--volume", f"{volume}:/users:ro")) as container:
            await_health(container)
            assert ask(container.base, "/desk/market")[0] == 401
            assert ask(container.base, "/desk/market", {"Authorization": f"Bearer {token}"})[0] == 200
            engine.once(image, "passwd", file, "ann", "--remove", options=mount)
            assert ask(container.base, "/desk/market", {"Authorization": f"Bearer {token}"})[0] == 401
            assert token not in container.logs()
            assert container.stop() == 0
