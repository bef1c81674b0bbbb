"""Recognising TWS and IB Gateway in recorded process tables of three systems, decoys included."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tws.applications import (
    Application,
    ApplicationKind,
    ClientPortal,
    Launcher,
    TradingMode,
    bundle_kind,
    may_be_application,
    recognise,
    spelled_version,
    version_of,
)

TABLE: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "recorded/processes.json").read_text())
APPLICATIONS = [row for row in TABLE if row["expect"]]
DECOYS = [row for row in TABLE if not row["expect"]]


def named(row: dict[str, Any]) -> str:
    return f"{row['system']}: {row['what']}"


def expected(told: dict[str, Any]) -> Application | ClientPortal:
    if told.get("client_portal"):
        return ClientPortal()
    values = dict(told)
    values["kind"] = ApplicationKind(values["kind"])
    values["launched_by"] = Launcher(values["launched_by"])
    values["mode_hint"] = TradingMode(values.get("mode_hint", "unknown"))
    return Application(**values)


@pytest.mark.parametrize("row", APPLICATIONS, ids=named)
def test_an_application_of_the_recorded_tables_is_recognised_with_all_it_tells(row: dict[str, Any]) -> None:
    found = recognise(row["name"], row["exe"], row["cmdline"])

    assert found == expected(row["expect"])


@pytest.mark.parametrize("row", DECOYS, ids=named)
def test_a_decoy_of_the_recorded_tables_is_nothing(row: dict[str, Any]) -> None:
    assert recognise(row["name"], row["exe"], row["cmdline"]) is None


@pytest.mark.parametrize("row", APPLICATIONS, ids=named)
def test_the_name_alone_makes_every_application_worth_a_look(row: dict[str, Any]) -> None:
    assert may_be_application(row["name"])


@pytest.mark.parametrize("row", [r for r in APPLICATIONS if len(r["cmdline"] or []) > 2], ids=named)
def test_a_command_line_joined_into_one_is_recognised_as_the_same_application(row: dict[str, Any]) -> None:
    found = recognise(row["name"], row["exe"], [" ".join(row["cmdline"])])
    wanted = expected(row["expect"])

    assert type(found) is type(wanted)
    if isinstance(found, Application) and isinstance(wanted, Application):
        assert (found.kind, found.version, found.launched_by) == (wanted.kind, wanted.version, wanted.launched_by)


def test_nothing_after_the_main_class_but_the_configuration_and_the_mode_is_kept() -> None:
    row = next(r for r in TABLE if "user name and password" in r["what"])
    found = repr(recognise(row["name"], row["exe"], row["cmdline"]))

    assert "alice123" not in found
    assert "s3cret" not in found


@pytest.mark.parametrize("name", ["bash", "python3", "xterm", "javac", "java-settings", "tws", "ibgateway", ""])
def test_other_names_are_not_worth_a_look(name: str) -> None:
    assert not may_be_application(name)


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/home/a/Jts/1045/tws", "10.45"),
        ("C:\\Jts\\ibgateway\\1044\\ibgateway.exe", "10.44"),
        ("/home/a/Jts/ibgateway/10.50.1d/ibgateway", "10.50"),
        ("/Users/a/Applications/IB Gateway 10.45/IB Gateway 10.45.app", "10.45"),
        ("/x/jars/twslaunch-1030.jar", "10.30"),
        ("/x/jars/twslaunch-install4j-1.10.jar", None),
        ("/home/1000/projects/java", None),
        ("/proc/1045/exe", None),
        ("", None),
    ],
)
def test_a_path_tells_the_version_only_where_it_is_one(path: str, version: str | None) -> None:
    assert version_of(path) == version


def test_versions_are_spelled_as_people_write_them() -> None:
    assert [spelled_version(x) for x in ("1045", "978", "10.50.1d", "10.45")] == ["10.45", "978", "10.50", "10.45"]


def test_a_bundle_of_the_uninstaller_belongs_to_nobody() -> None:
    assert bundle_kind("/Applications/IB Gateway 10.45 Uninstaller.app/Contents/MacOS/x") is None


@given(st.text(max_size=20), st.none() | st.text(max_size=40), st.none() | st.lists(st.text(max_size=40), max_size=6))
def test_text_that_holds_no_name_of_ours_is_nothing(name: str, exe: str | None, cmdline: list[str] | None) -> None:
    assert recognise(name, exe, cmdline) is None


@given(st.lists(st.text(max_size=12), max_size=5))
def test_whatever_stands_after_the_main_class_changes_neither_kind_nor_version(after: list[str]) -> None:
    found = recognise("java", None, ["java", "-cp", "/x/Jts/1045/jars/a.jar", "install4j.jclient.LoginFrame", *after])

    assert isinstance(found, Application)
    assert (found.kind, found.version) == (ApplicationKind.TWS, "10.45")


@given(st.lists(st.text(max_size=30), max_size=5))
def test_whatever_its_arguments_a_program_that_is_not_java_is_nothing(arguments: list[str]) -> None:
    cmdline = ["python3", *arguments, "install4j.ibgateway.GWClient"]

    assert recognise("python3", "/usr/bin/python3", cmdline) is None


@pytest.mark.parametrize("digits", ["1" * 400, "9" * 5000, "٧٦٨"])
def test_a_limit_of_memory_that_is_none_is_not_known(digits: str) -> None:
    found = recognise("java", None, ["java", f"-Xmx{digits}m", "-Dx=y", "install4j.ibgateway.GWClient"])

    assert isinstance(found, Application)
    assert found.heap_limit is None
