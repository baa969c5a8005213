"""The documents are held to the code: what they name exists, what exists they name, and their examples run."""

from __future__ import annotations

import argparse
import os
import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from livepairs import schema
from livepairs.__main__ import command_names
from livepairs.config import Settings, environment_name, setting_docs
from tests.markdown import blocks, links, prose, sections

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
WRITTEN = [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS]
SCREEN = 90
GROWING = {"commands.md", "settings.md"}
"""Looked up by heading or row, never read through."""


def parser_of(name: str) -> argparse.ArgumentParser:
    """Return the parser of one command, which raises instead of leaving."""
    module = import_module(f"livepairs.commands.{name}_" if name == "import" else f"livepairs.commands.{name}")
    parser = argparse.ArgumentParser(prog=f"livepairs {name}", exit_on_error=False)
    module.add_arguments(parser)
    return parser


def settings_table() -> list[str]:
    """Return the rows of docs/settings.md as they must be."""
    defaults = Settings()
    return [
        f"| `{name}` | `{environment_name(name)}` | {_shown(getattr(defaults, name))} | {_cell(doc)} |"
        for name, doc in setting_docs().items()
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _shown(value: object) -> str:
    if value is None or value == ():
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def shell_lines(path: Path) -> list[list[str]]:
    """Return the words of each command in the document's shell blocks, comments and continuations resolved."""
    text = "\n".join(blocks(path, "sh")).replace("\\\n", " ")
    return [words for line in text.splitlines() if (words := shlex.split(line, comments=True))]


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_each_document_is_about_a_screen(path: Path):
    assert path.name in GROWING or len(path.read_text("utf-8").splitlines()) <= SCREEN


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_prose_has_one_sentence_a_line(path: Path):
    assert [line for line in prose(path) if re.search(r"[a-z)`][.!?] +[A-Z]", line)] == []


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path):
    assert [target for target in links(path) if target and not (path.parent / target).exists()] == []


def test_readme_leads_to_each_document():
    named = {Path(target).name for target in links(ROOT / "README.md")}
    assert {path.name for path in DOCS} - named == set()


def test_readme_begins_with_the_two_commands_and_the_plain_way():
    first_screen = "\n".join((ROOT / "README.md").read_text("utf-8").splitlines()[:45])
    for command in ("make demo", "make test", "pip install .", "livepairs demo"):
        assert command in first_screen


def test_settings_document_has_exactly_the_settings_there_are():
    rows = [line for line in (ROOT / "docs" / "settings.md").read_text("utf-8").splitlines() if line.startswith("| `")]
    assert rows == settings_table()


def test_commands_document_has_exactly_the_commands_there_are():
    assert sorted(sections(ROOT / "docs" / "commands.md")) == command_names()


@pytest.mark.parametrize("name", command_names())
def test_commands_document_names_each_argument(name: str):
    text = sections(ROOT / "docs" / "commands.md")[name]
    actions = [action for action in parser_of(name)._actions if action.dest != "help"]
    missing = [action.dest for action in actions if not _is_named(action, text)]
    assert missing == []


def _is_named(action: argparse.Action, text: str) -> bool:
    if action.option_strings:
        return any(re.search(rf"{re.escape(option)}\b", text) for option in action.option_strings)
    shown = action.metavar if isinstance(action.metavar, str) else action.dest
    return shown.upper() in text


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_shell_examples_are_understood_by_the_program(path: Path):
    for words in shell_lines(path):
        if words[0] == "livepairs":
            assert words[1] in command_names(), words
            parser_of(words[1]).parse_args(words[2:])
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE), words


@pytest.mark.slow
@pytest.mark.timeout(400)  # the first replay of a machine waits for the compiler
@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_python_examples_run(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Each document's Python blocks run as one program, in the checkout, where ``recordings/demo`` is."""
    monkeypatch.chdir(ROOT)
    for name in [name for name in os.environ if name.startswith("LIVEPAIRS_")]:
        monkeypatch.delenv(name)
    names: dict[str, object] = {"__name__": "example"}
    for body in blocks(path, "python"):
        exec(compile(body, str(path), "exec"), names)


@pytest.mark.parametrize("hop", ["TRADES", "MARKS", "BARS", "PAIRS", "EVENTS"])
def test_each_column_of_each_hop_is_explained(hop: str):
    explained = (ROOT / "docs" / "recording.md").read_text("utf-8") + (ROOT / "docs" / "numbers.md").read_text("utf-8")
    columns = getattr(schema, hop).names
    assert [name for name in columns if f"`{name}`" not in explained] == []


def test_each_bar_interval_and_page_is_named_somewhere():
    text = "\n".join(path.read_text("utf-8") for path in WRITTEN)
    pages = [path.stem for path in (ROOT / "apps").glob("*.py")]
    assert [name for name in [*schema.INTERVALS_US, *pages] if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    "entry", sorted(path.name for path in (ROOT / "livepairs").iterdir() if path.name[0] not in "_.")
)
def test_architecture_page_places_each_room(entry: str):
    room = entry.removesuffix(".py")
    if room == "py.typed":
        return
    assert f"`{room}`" in (ROOT / "docs" / "architecture.md").read_text("utf-8")
