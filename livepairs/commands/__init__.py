"""The commands of the command line, one file each.

A command module has a docstring (its help text), ``add_arguments(parser)`` and ``run(args) -> int``. It is found here
without being listed anywhere. It imports what it needs inside ``run``, so that ``livepairs --help`` stays quick.
"""
