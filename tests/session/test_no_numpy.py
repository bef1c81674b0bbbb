"""numpy stays out of memory, and is there for all who ask."""

import subprocess
import sys

WHO_IMPORTS = """
import builtins, contextlib, sys
import agent.session
importers, plain = set(), builtins.__import__

def noted(name, variables=None, locals=None, fromlist=(), level=0):
    if name.partition(".")[0] == "numpy" and level == 0:
        importers.add((variables or {}).get("__name__"))
    return plain(name, variables, locals, fromlist, level)

builtins.__import__ = noted
from agent.app.own_files import load_every_module
load_every_module()
import ib_async
print(*sorted(importers))
print(sum(name.startswith("numpy.") for name in sys.modules))
"""
ASKED = """
import sys
import agent.session
import eventkit
from agent.session.no_numpy import NumpyStandIn
stand_in = sys.modules["numpy"]
assert isinstance(stand_in, NumpyStandIn)
assert not hasattr(stand_in, "__file__")
assert sys.modules["numpy"] is stand_in
{question}
assert not isinstance(sys.modules["numpy"], NumpyStandIn)
assert stand_in.array is sys.modules["numpy"].array
"""
QUESTIONS = (
    "assert eventkit.Event.sequence([1, 2, 3]).array().mean().run() == [1.0, 1.5, 2.0]",
    "import numpy; assert numpy.array([1]).sum() == 1",
    "from numpy import array; assert array([1]).sum() == 1",
    "import numpy.linalg; assert numpy.linalg.norm([3, 4]) == 5",
    "from numpy.linalg import norm; assert norm([3, 4]) == 5",
)


def said(program: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_one_module_imports_it_and_it_is_not_loaded() -> None:
    assert said(WHO_IMPORTS) == ["eventkit.ops.array", "0"]


def test_who_asks_gets_the_real_one() -> None:
    for question in QUESTIONS:
        said(ASKED.format(question=question))


def test_one_that_is_there_stays() -> None:
    said("import numpy; import agent.session, sys; assert sys.modules['numpy'] is numpy")


def test_where_there_is_none_the_question_says_so() -> None:
    program = """
import sys
import agent.session, ib_async
sys.meta_path.clear()
try:
    sys.modules["numpy"].array
except ModuleNotFoundError as fault:
    print(fault.name)
"""
    assert said(program) == ["numpy"]
