"""The shape of the code: what every file owes, and what only some may do."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "agent").rglob("*.py"))
MIRRORED = ("core", "tws", "problems", "observers", "channels")
"""Rooms whose every file has a test file of the same name, in the same folder."""
TESTED_ELSEWHERE = {
    "core/client_ids.py": "tests/core/state_machine/test_inquiry.py and tests/core/state_machine/test_connection.py",
    "core/data_test/seen.py": "values without behaviour; tests/core/data_test/test_verdict.py",
    "core/effects.py": "values without behaviour",
    "core/events.py": "values without behaviour",
    "problems/shared/relayed.py": "tests/problems/test_data_lines_near.py, and tests of what else judges by it",
    "core/relay_facts.py": "values without behaviour; tests/observers/test_relays.py",
    "core/problem.py": "values without behaviour; tests/problems/test_contract.py",
    "tws/api_settings_table.py": "a table; tests/tws/test_api_settings.py",
    "tws/codec.py": "tests/simulator/test_wire.py",
    "tws/requests.py": "tests/simulator/test_wire.py and tests/relay/test_counter.py",
    "tws/schema.py": "tests/simulator/test_wire.py",
    "tws/farms.py": "values without behaviour; tests/tws/test_notices.py",
    "tws/catalogue/client.py": "a table; tests/tws/test_notices.py",
    "tws/catalogue/kinds.py": "values without behaviour; tests/tws/test_notices.py",
    "tws/catalogue/late.py": "a table; tests/tws/test_notices.py",
    "tws/catalogue/orders.py": "a table; tests/tws/test_notices.py",
    "tws/catalogue/requests.py": "a table; tests/tws/test_notices.py",
    "tws/catalogue/system.py": "a table; tests/tws/test_notices.py",
    "tws/protobuf.py": "tests/tws/test_wire.py and tests/tws/test_api_settings.py",
    "tws/notice_texts.py": "a table; tests/tws/test_log_lines.py",
    "tws/symptoms/log_in.py": "a table; tests/guides/test_explain.py",
    "tws/symptoms/programs.py": "a table; tests/guides/test_explain.py",
    "tws/symptoms/relays.py": "a table; tests/guides/test_explain.py",
    "tws/symptoms/shapes.py": "tests/guides/test_explain.py",
    "tws/symptoms/socket_texts.py": "a table; tests/guides/test_explain.py",
    "tws/symptoms/sockets.py": "a table; tests/guides/test_explain.py",
    "tws/symptoms/vague.py": "a table; tests/guides/test_explain.py",
    "tws/symptoms/windows.py": "a table; tests/guides/test_explain.py",
    "channels/remote_sender.py": "the process behind remote.py; tests/channels/test_remote.py",
    "problems/shared/obstacles.py": "values without behaviour; tests/problems/shared/test_reach.py",
}
"""Files without a test file of their own name, and where they are tested."""
MAY_PRINT = {"cli/terminal.py"}
PURE = {"core", "tws", "problems"}
KEPT_OUT = {
    "asyncio",
    "time",
    "threading",
    "socket",
    "subprocess",
    "os",
    "logging",
    "pathlib",
    "random",
    "multiprocessing",
}
"""Modules that touch the world or hide a decision from its arguments."""

SAME_PART = {
    "CHANNEL": "what each channel says of itself",
    "ENDPOINTS": "the routes of each file of the page",
    "ask": "the control channel of each system",
    "bring_to_front": "the foreground of each system",
    "changeable": "each way to carry out a fix",
    "command": "each file of a command",
    "do": "each way to carry out a fix",
    "logger": "the standard library's custom",
    "offer": "each way to carry out a fix",
    "with_window": "the foreground of each system",
}
"""Public names that several modules have on purpose: the same part of things of one kind, told apart by module."""


TOP_TEXTS = ("README", "CHANGELOG", "SECURITY", "CONTRIBUTING")


def name_of(module: Path) -> str:
    return module.relative_to(ROOT / "agent").as_posix()


def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def calls(module: Path, name: str) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


def test_there_are_modules_to_look_at() -> None:
    assert {"cli/main.py", "core/state_machine/advance.py", "tws/wire.py", "problems/shared/reach.py"} <= set(
        map(name_of, MODULES)
    )


def test_the_top_level_holds_what_belongs_there() -> None:
    ours = {"pyproject.toml", "requirements.lock", "LICENSE", *(f"{n}.md" for n in TOP_TEXTS)}
    ours |= {"agent", "icons", "installer", "tests"}
    made = {line.strip("/ ") for line in (ROOT / ".gitignore").read_text().splitlines()}
    there = {one.name for one in ROOT.iterdir() if not one.name.startswith(".")}

    assert {name for name in there - ours - made if not name.endswith(".egg-info")} == set()


def test_the_program_is_made_of_rooms() -> None:
    loose = {name_of(module) for module in MODULES} & {module.name for module in MODULES}

    assert loose == {"__init__.py", "__main__.py", "errors.py"}


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_every_module_says_what_it_is(module: Path) -> None:
    docstring = ast.get_docstring(tree_of(module))

    assert docstring, f"{name_of(module)} has no docstring"
    first = docstring.splitlines()[0]
    assert len(first) >= 10, f"the first line of {name_of(module)} says nothing: {first!r}"


def owing_a_test() -> list[str]:
    return [
        name for name in map(name_of, MODULES) if name.split("/")[0] in MIRRORED and not name.endswith("__init__.py")
    ]


@pytest.mark.parametrize("name", owing_a_test())
def test_every_file_of_the_heart_has_its_test_file_or_is_named(name: str) -> None:
    own = (ROOT / "tests" / name).with_name(f"test_{Path(name).name}")
    path, there = own.relative_to(ROOT), own.exists()

    if name in TESTED_ELSEWHERE:
        assert not there, f"{path} is there: take {name} out of TESTED_ELSEWHERE (tests/test_architecture.py)"
    else:
        assert there, f"write {path}, the test of agent/{name}"
        tests = re.findall(r"^(?:async )?def test_\w+|^class Test\w+", own.read_text(encoding="utf-8"), re.MULTILINE)
        assert tests, f"{path} has no test in it"


def test_no_file_is_excused_that_is_not_there() -> None:
    assert set(TESTED_ELSEWHERE) <= set(owing_a_test())
    named = {path for reason in TESTED_ELSEWHERE.values() for path in re.findall(r"tests/[\w/]+\.py", reason)}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_only_the_command_line_prints(module: Path) -> None:
    if name_of(module) in MAY_PRINT:
        return
    lines = calls(module, "print")

    assert lines == [], f"{name_of(module)} prints in line {lines}"


@pytest.mark.parametrize("module", [m for m in MODULES if name_of(m).split("/")[0] in PURE], ids=name_of)
def test_the_heart_imports_nothing_that_touches_the_world(module: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])

    assert not imported & KEPT_OUT
    assert calls(module, "open") == []


@pytest.mark.parametrize("module", [m for m in MODULES if name_of(m).split("/")[0] in PURE], ids=name_of)
def test_the_heart_asks_no_clock(module: Path) -> None:
    asked = [
        f"{ast.unparse(node.func)} in line {node.lineno}"
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"now", "utcnow", "today"}
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"datetime", "date"}
    ]

    assert asked == []


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_values_of_the_heart_are_frozen(module: Path) -> None:
    if name_of(module).split("/")[0] not in PURE:
        return
    loose = [
        node.name
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if "dataclass" in ast.unparse(decorator) and "frozen=True" not in ast.unparse(decorator)
    ]

    assert loose == []


SECOND_READING = re.compile(r"\b(?:whoever|somebody|nobody|anybody|shall)\b|\bis to be\b", re.IGNORECASE)
"""Words that make a reader look for the subject of a sentence."""
A_HANDFUL = 5


def test_docstrings_and_comments_can_be_read_once() -> None:
    found = []
    for module in MODULES:
        source = module.read_text(encoding="utf-8")
        found += [
            f"{name_of(module)}:{token.start[0]}: {token.string}"
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type == tokenize.COMMENT and SECOND_READING.search(token.string)
        ]
        for node in ast.walk(ast.parse(source)):
            # A docstring, also one below a constant or a field, is a text that stands alone.
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                text = " ".join(node.value.value.split())
                found += [f"{name_of(module)}:{node.lineno}: {text}" for _ in SECOND_READING.finditer(text)]

    assert len(found) <= A_HANDFUL, "\n".join(found)


def test_no_file_is_long_and_no_function_does_two_things() -> None:
    long = [name_of(module) for module in MODULES if len(module.read_text(encoding="utf-8").splitlines()) > 400]
    long += [
        f"{name_of(module)}: {node.name}"
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= 60
    ]

    assert long == []


def public_names(module: Path) -> set[str]:
    names: set[str] = set()
    for node in tree_of(module).body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Assign():
                names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(name)):
                names.add(name)
    return {name for name in names if not name.startswith("_")}


def test_a_public_name_has_one_owner() -> None:
    """A reader of a name knows which thing it is, without its module."""
    owners: dict[str, list[str]] = {}
    for module in MODULES:
        for name in public_names(module):
            owners.setdefault(name, []).append(name_of(module))
    several = {name: found for name, found in owners.items() if len(found) > 1}
    assert {name: found for name, found in several.items() if name not in SAME_PART} == {}
    assert set(SAME_PART) <= set(several), "excused, though it has one owner by now"
