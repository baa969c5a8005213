"""Speed beside the tools one would use instead; ``make bench`` runs it. Each file in ``cases`` is one benchmark.

Sides take turns in one run (A B C, B C A, ...), each in a process of its own that stays alive between its turns. So
imports and compilation are done once, a neighbour's load meets all alike, and the peak memory is that of one side.
"""
