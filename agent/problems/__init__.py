"""Every problem Gatelight knows, causes before consequences.

To add one: write `<code>.py` here (underscores for hyphens) with a pure `_check` and one `Problem` named like the code
in capitals, write `agent/guides/<code>.md`, and list it below, after everything that hides it. A test in
`tests/problems/test_contract.py` fails if file, list, guide and the table of promised problems disagree.
"""

from agent.core.problem import Problem

PROBLEMS: tuple[Problem, ...] = ()
"""In the order in which they are judged and shown: a cause stands before what it hides."""
