"""Say who may sign in: add a user to a users file, change one, remove one, or make a token for a script.

FILE is made if it is not there, readable by its owner only; give it to a server with --auth FILE. The password is asked
for, or read from standard input where that is no terminal; only its argon2 hash is kept. A viewer looks; an operator
also records, deletes, uploads, changes rules and steers replays that others watch. What is changed holds at once, also
on a server that runs, and a new password ends what was signed in with the old one.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from livepairs.access.gate import Gate
from livepairs.access.passwords import hash_password
from livepairs.access.roles import ROLES, Role
from livepairs.access.users import PROVIDER, User, Users, read_users, write_users
from livepairs.errors import ConfigError

MOST_DAYS = 3650


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the users file")
    parser.add_argument("name", metavar="NAME", help="of the user; '*' with --provider is anyone the provider knows")
    parser.add_argument("--role", choices=ROLES, help="what they may do (a user that is there keeps theirs)")
    parser.add_argument("--provider", action="store_true", help="no password: an OAuth provider vouches for the name")
    parser.add_argument("--remove", action="store_true", help="remove the user")
    parser.add_argument("--token-days", type=int, metavar="N", help="print a token for a script, good for N days")


def run(args: argparse.Namespace) -> int:
    """Change the file."""
    users = read_users(args.file) if args.file.exists() else Users()
    if args.remove:
        write_users(args.file, users.without(args.name))
        print(f"{args.name} is not among the users any more")
        return 0
    if args.token_days is not None:
        if not 1 <= args.token_days <= MOST_DAYS:
            raise ConfigError(f"--token-days is {args.token_days}; it must be from 1 to {MOST_DAYS}")
        print(Gate(args.file).bearer_token(args.name, lifetime_s=86_400.0 * args.token_days))
        return 0
    known = users.users.get(args.name)
    role = args.role or (known.role if known else None)
    if role is None:
        raise ConfigError(f"user {args.name!r} is new and has no role; say --role viewer or --role operator")
    write_users(args.file, users.with_user(_user(args, role)))
    print(f"{args.name} is {'an operator' if role == 'operator' else 'a viewer'}{'' if known is None else ', changed'}")
    return 0


def _user(args: argparse.Namespace, role: Role) -> User:
    if args.provider:
        return User(args.name, role, PROVIDER)
    return User(args.name, role, hash_password(_password(args.name)))


def _password(name: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass(f"Password for {name}: ")
    if password != getpass.getpass("The same again: "):
        raise ConfigError("the two passwords differ; try again")
    return password
