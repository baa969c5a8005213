"""Reads a Dockerfile as far as tests need it: stages, and the instructions of each with their words."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Stage:
    """One ``FROM ... AS name`` and the (instruction, rest of the line) pairs below it."""

    image: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def of(self, instruction: str) -> list[str]:
        """Return the arguments of every such instruction, in order."""
        return [rest for word, rest in self.steps if word == instruction]

    def copies(self) -> list[tuple[str | None, list[str], str]]:
        """Return (other stage or None, sources, target) of each COPY."""
        found = []
        for rest in self.of("COPY"):
            words = shlex.split(rest)
            origin = next((word.partition("=")[2] for word in words if word.startswith("--from=")), None)
            *sources, target = [word for word in words if not word.startswith("--")]
            found.append((origin, sources, target))
        return found

    def words(self, instruction: str) -> list[str]:
        """Return the words of the last such instruction, which must be in JSON notation."""
        return json.loads(self.of(instruction)[-1])


def read_stages(path: Path) -> list[Stage]:
    """Split the file into its stages; comments are dropped and continued lines joined."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    stages: list[Stage] = []
    for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            image, _, name = rest.partition(" AS ")
            stages.append(Stage(image, name))
        elif word:
            stages[-1].steps.append((word, rest.strip()))
    return stages
