"""The command line: ``livepairs COMMAND ...``, also ``python -m livepairs COMMAND ...``.

Each command is one file in ``livepairs/commands`` and is found there without being listed: its module docstring is the
help text, ``add_arguments(parser)`` declares its arguments, ``run(args)`` does the work and returns the exit code.
Exit codes: 0 done, 2 the user can fix it, 1 it failed while running, 130 interrupted.
"""

from __future__ import annotations

import argparse
import logging
import os
import pkgutil
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from typing import Final, NoReturn

from livepairs import __version__, commands
from livepairs.errors import ConfigError, LivepairsError, did_you_mean

__all__ = ["main"]

INTERRUPTED = 130

PATIENCE_S: Final = 5.0
"""How long a process whose command has ended waits for its threads."""


class _Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are our one-line errors."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; see '{self.prog} --help'")


def command_names() -> list[str]:
    """Return the commands found, by the names users type."""
    found = (module.name for module in pkgutil.iter_modules(commands.__path__) if not module.name.startswith("_"))
    return sorted(name.removesuffix("_") for name in found)


def _module(name: str) -> str:
    # A command named like a Python keyword lives in a file with a trailing underscore: import_.py.
    return f"livepairs.commands.{name}_" if name == "import" else f"livepairs.commands.{name}"


def _overview() -> _Parser:
    lines = [f"  {name:<10} {_first_line(name)}" for name in command_names()]
    parser = _Parser(
        prog="livepairs",
        description="Live and replayed pairs of crypto perpetuals, one code path for both.",
        epilog="commands:\n" + "\n".join(lines) + "\n\n'livepairs COMMAND --help' explains one.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="livepairs [-h] [--version] COMMAND ...",
    )
    parser.add_argument("--version", action="version", version=f"livepairs {__version__}")
    return parser


def _first_line(name: str) -> str:
    return (import_module(_module(name)).__doc__ or "").strip().splitlines()[0]


def _run(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        parser = _overview()
        parser.parse_args(arguments)
        parser.print_help(sys.stderr)
        return ConfigError.exit_code
    name, *rest = arguments
    if name not in command_names():
        allowed = ", ".join(command_names())
        raise ConfigError(f"no command {name!r}{did_you_mean(name, command_names())}; there are {allowed}")
    command = import_module(_module(name))
    parser = _Parser(
        prog=f"livepairs {name}", description=command.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.add_arguments(parser)
    return int(command.run(parser.parse_args(rest)) or 0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors become one line on stderr.

    Without arguments of a caller it takes those of the process, which then ends with it.
    """
    status = _status(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        _end_soon(status)
    return status


def _end_soon(status: int) -> None:
    """End the process though some work goes on: a page asked for it that is gone, and Python would wait to its end."""

    def end() -> None:
        logging.shutdown()
        os._exit(status)

    timer = threading.Timer(PATIENCE_S, end)
    timer.daemon = True
    timer.start()


def _status(arguments: Sequence[str]) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        return _run(arguments)
    except LivepairsError as error:
        print(f"livepairs: error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`livepairs info R | head`); the interpreter must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
