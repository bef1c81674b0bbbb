"""What the page can ask for, group by group, without a server in between."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.config.keys import TABLES, is_guarded
from agent.config.keys_outward import HOOKS, RELAYS_TABLE
from agent.config.reading import load
from agent.core.commands import read_command
from agent.core.fix import Asker
from agent.core.problem import Problem
from agent.core.settings import Intent, Settings, WantedApplication, WantedMode
from agent.core.setup.answers import Answers, edits
from agent.core.shown.display import AskFix, DoFix, NoticeTried
from agent.core.updates import Origin
from agent.fixes import FIXES
from agent.fixes.shared import own_config
from agent.guides import load_guides
from agent.page.backend import Refused
from agent.page.drawings.layout import Layout
from agent.page.endpoints import ENDPOINTS, actions, explain, fixes, limits, settings
from agent.page.endpoints import guide as guiding
from agent.problems import PROBLEMS
from tests.page.made_up_backend import VIEW, MadeUpBackend


async def refused(asking: Awaitable[Any]) -> Refused:
    with pytest.raises(Refused) as found:
        await asking
    assert str(found.value).endswith((".", "?"))
    return found.value


def test_no_two_endpoints_share_a_place_and_those_that_change_something_are_posts() -> None:
    places = [(e.method, e.path) for e in ENDPOINTS]

    assert len(set(places)) == len(places)
    assert {e.path for e in ENDPOINTS if e.method == "GET"} >= {"guide", "limits", "settings"}
    assert {"do", "fix/yes", "settings", "settings/remove", "test-notice", "at-login"} <= {
        e.path for e in ENDPOINTS if e.method == "POST"
    }


# ── clicks ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", actions.COMMANDS)
async def test_a_command_is_handed_on_with_what_belongs_to_it(command: str) -> None:
    backend = MadeUpBackend()
    await actions.do_action(
        backend, {"command": command, "name": "A", "seconds": 60, "code": "api-silent", "act": "write"}
    )

    assert backend.asked == [read_command({"command": command, "name": "A", "seconds": 60, "code": "api-silent"})]


@pytest.mark.parametrize("command", ["status", "page", "show", "fix", "stop", "", "x" * 300, 7, None])
async def test_no_other_command_is(command: object) -> None:
    backend = MadeUpBackend()
    await refused(actions.do_action(backend, {"command": command}))

    assert backend.asked == []


async def test_a_no_of_the_agent_is_told_in_its_words() -> None:
    backend = MadeUpBackend(answers={"error": "There is no connection named “X”: choose one of “A”."})
    no = await refused(actions.do_action(backend, {"command": "connect", "name": "X"}))

    assert str(no) == "There is no connection named “X”: choose one of “A”."


async def test_a_test_notice_is_sent_or_says_why_not() -> None:
    backend = MadeUpBackend()
    sent = await actions.send_notice(backend, {})
    backend.tried = NoticeTried(("the desktop",), ("remote notices: no answer",))
    in_part = await actions.send_notice(backend, {})
    backend.tried = NoticeTried(refused=("the desktop: there is none", "remote notices: no answer"))

    assert sent == {"done": True, "said": "The notice was taken by: desktop notifications."}
    assert in_part["said"] == "The notice was taken by: the desktop. It was not taken by: remote notices: no answer."
    assert str(await refused(actions.send_notice(backend, {}))) == (
        "No channel took the notice: the desktop: there is none; remote notices: no answer."
    )


@pytest.mark.parametrize("on", [True, False])
async def test_the_start_at_log_in_is_switched(on: bool) -> None:
    backend = MadeUpBackend()
    await actions.set_at_login(backend, {"on": on})

    assert backend.asked == [f"at login: {on}"]
    await refused(actions.set_at_login(backend, {"on": "yes"}))


# ── fixes ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_fix_is_asked_about_first_and_the_yes_carries_what_was_read() -> None:
    backend = MadeUpBackend(answers={"title": "Use port 4002?", "digest": "abc"})
    question = await fixes.fix_question(backend, {"connection": "A", "id": "use-port"})
    await fixes.yes(backend, {"connection": "A", "id": "use-port", "digest": question["digest"]})

    assert backend.asked == [
        AskFix("use-port", "A"),
        DoFix("use-port", "A", "abc", Asker.PAGE),
    ]


@pytest.mark.parametrize("missing", ["connection", "id", "digest"])
async def test_a_yes_to_nothing_does_nothing(missing: str) -> None:
    backend = MadeUpBackend()
    wish = {name: "x" for name in ("connection", "id", "digest") if name != missing}
    await refused(fixes.yes(backend, wish))

    assert backend.asked == []


# ── explain ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "words", ["1100", "api-silent", "Error 10197, reqId 5: No market data during competing live session"]
)
async def test_words_are_explained_with_steps(words: str) -> None:
    found = await explain.explain_words(MadeUpBackend(), {"words": words})

    assert found["title"]
    assert found["steps"] or found["causes"]
    assert all(step for cause in found["causes"] for part in cause["lists"] for step in part["steps"])


@pytest.mark.parametrize("words", ["", "   ", "nothing of that kind", "x" * 50_001])
async def test_words_without_meaning_are_told_so(words: str) -> None:
    await refused(explain.explain_words(MadeUpBackend(), {"words": words}))


async def test_words_are_explained_by_what_is_seen_now() -> None:
    application = {"kind": "gateway", "pid": 3117, "listening": [4002]}
    one = {"name": "A", "port": 4002, "phase": "connected", "application": application, "problems": []}
    backend = MadeUpBackend(shown={**VIEW, "connections": [one]})
    found = await explain.explain_words(backend, {"words": "Connect call failed ('127.0.0.1', 4001)"})

    assert found["seen_now"][0] == "IB Gateway listens on port 4002, not on 4001."
    assert found["causes"][0]["code"] == found["fits"] == "api-port-mismatch"
    assert all("lists" in cause and "steps" not in cause for cause in found["causes"])


# ── limits ──────────────────────────────────────────────────────────────────────────────────────


async def test_limits_are_asked_of_the_agent() -> None:
    assert await limits.read_limits(MadeUpBackend(), {}) == {
        "connections": [{"connection": "Paper Gateway"}],
        "relays": [],
    }


# ── guides ──────────────────────────────────────────────────────────────────────────────────────


def troubled(code: str, kind: str, steps: tuple[str, ...]) -> MadeUpBackend:
    problem = {"code": code, "title": "This very case", "visible": True, "steps": list(steps)}
    application = {"kind": kind} if kind else None
    return MadeUpBackend(
        shown={**VIEW, "connections": [{"name": "A", "application": application, "problems": [problem]}]}
    )


@pytest.mark.parametrize("code", load_guides())
async def test_every_guide_has_steps_for_every_layout(code: str) -> None:
    found = await guiding.guide(MadeUpBackend(), {"code": code, "connection": "A"})

    assert not found["current"]
    assert [part["layout"] for part in found["lists"]] == [layout.value for layout in Layout]
    assert all(part["steps"] for part in found["lists"])
    assert "{" not in found["title"] + found["meaning"]


@pytest.mark.parametrize(
    ("kind", "layouts"),
    [("tws", ["mosaic", "classic"]), ("gateway", ["gateway"]), ("", ["mosaic", "classic", "gateway"])],
)
async def test_the_steps_of_a_case_are_those_of_its_application(kind: str, layouts: list[str]) -> None:
    backend = troubled("api-disabled", kind, ("Click **OK**.",))
    found = await guiding.guide(backend, {"code": "api-disabled", "connection": "A"})

    assert found["current"]
    assert found["title"] == "This very case"
    assert [part["layout"] for part in found["lists"]] == layouts


async def test_steps_for_both_applications_are_two_lists_that_keep_their_numbers() -> None:
    steps = ("TWS: Click **OK**.", "TWS: Wait.", "IB Gateway: Log in.")
    backend = troubled("api-disabled", "", steps)
    found = await guiding.guide(backend, {"code": "api-disabled", "connection": "A"})

    assert [(part["application"], part["title"]) for part in found["lists"]] == [
        ("tws", "Mosaic"),
        ("tws", "Classic"),
        ("gateway", ""),
    ]
    assert [[(s["number"], s["text"]) for s in part["steps"]] for part in found["lists"]] == [
        [(1, "Click **OK**."), (2, "Wait.")],
        [(1, "Click **OK**."), (2, "Wait.")],
        [(3, "Log in.")],
    ]


async def test_a_step_says_to_which_way_it_belongs_and_which_field_of_settings_it_is_about() -> None:
    steps = (
        "Either keep TWS as it is: In Gatelight’s Settings, set **API port** of this connection to 7497.",
        "Or keep port 7496: Set **Socket port** to 7496.",
    )
    backend = troubled("api-port-mismatch", "tws", steps)
    found = await guiding.guide(backend, {"code": "api-port-mismatch", "connection": "A"})
    first, second = found["lists"][0]["steps"]

    assert (first["way"], first["fields"]) == ("Either keep TWS as it is", [{"label": "API port", "key": "port"}])
    assert (second["way"], "fields" in second) == ("Or keep port 7496", False)
    assert "drawing" in second
    assert found["application"] == "tws"


def test_the_fields_and_fixes_that_steps_stand_beside_are_all_there_are() -> None:
    assert set(guiding.OWN_FIXES) == {fix.id for fix in FIXES.values() if fix.do is own_config.do}
    labels = {key.label: key.name for key in TABLES["connections"].keys}
    assert {label: labels.get(label) for label in guiding.OWN_FIELDS} == guiding.OWN_FIELDS
    told = " ".join(step for guide in load_guides().values() for steps in guide.steps.values() for step in steps)
    assert [label for label in guiding.OWN_FIELDS if f"**{label}**" not in told] == []


@pytest.mark.parametrize("problem", [p for p in PROBLEMS if p.fix in guiding.OWN_FIXES], ids=lambda p: p.code)
async def test_a_fix_of_gatelights_settings_stands_at_a_step_of_its_guide(problem: Problem) -> None:
    found = await guiding.guide(MadeUpBackend(), {"code": problem.code, "connection": "A"})

    for part in found["lists"]:
        assert any("fields" in step for step in part["steps"]), part["layout"]


async def test_who_has_chosen_a_layout_reads_about_that_one_alone() -> None:
    steps = (
        "In Mosaic, open **File > Global Configuration...**; in Classic, open **Edit > Global Configuration...**.",
        "In TWS, open **File > Global Configuration...** in Mosaic or **Edit > Global Configuration...** in Classic.",
    )
    found = await guiding.guide(troubled("x", "tws", steps), {"code": "api-disabled", "connection": "A"})
    mosaic, classic = ([step["text"] for step in part["steps"]] for part in (await _again(steps))["lists"])

    assert not found["current"]
    assert mosaic == ["Open **File > Global Configuration...**.", "In TWS, open **File > Global Configuration...**."]
    assert classic == ["Open **Edit > Global Configuration...**.", "In TWS, open **Edit > Global Configuration...**."]


async def _again(steps: tuple[str, ...]) -> dict[str, Any]:
    return await guiding.guide(troubled("api-disabled", "tws", steps), {"code": "api-disabled", "connection": "A"})


@pytest.mark.parametrize("code", ["app-not-installed", "app-outdated"])
async def test_download_pages_are_buttons_of_their_step_and_the_text_stays_text(code: str) -> None:
    found = await guiding.guide(MadeUpBackend(), {"code": code, "connection": "A"})
    links = {
        part["application"]: [link for step in part["steps"] for link in step.get("links", ())]
        for part in found["lists"]
    }

    assert links == {
        "tws": [
            {
                "label": "Download Trader Workstation",
                "address": "https://www.interactivebrokers.com/en/trading/tws-offline-stable.php",
            }
        ],
        "gateway": [
            {
                "label": "Download IB Gateway",
                "address": "https://www.interactivebrokers.com/en/trading/ibgateway-stable.php",
            }
        ],
    }
    assert not any("http" in step["text"] for part in found["lists"] for step in part["steps"])


def test_every_link_is_named_by_some_guide() -> None:
    texts = " ".join(step for guide in load_guides().values() for steps in guide.steps.values() for step in steps)

    assert [words for words in guiding.LINKS if words not in texts] == []


async def test_a_guide_that_is_not_there_is_refused() -> None:
    assert (await refused(guiding.guide(MadeUpBackend(), {"code": "no-such-code"}))).status == 404


# ── settings ────────────────────────────────────────────────────────────────────────────────────

FILE = """# mine
[[connections]]
name = "Paper"   # the paper one
port = 4002

[notifications]
quiet_hours = ["22:00-07:00"]
remote = ["ntfy://secret"]

[[notifications.targets]]
name = "Phone"
url = "keyring:phone"
"""


@pytest.fixture
def backend(tmp_path: Path) -> MadeUpBackend:
    file = tmp_path / "config.toml"
    file.write_text(FILE)
    return MadeUpBackend(config=file, login=False)


def value(answer: dict[str, Any], table: str, key: str) -> Any:
    found = next(t for t in answer["tables"] if t["name"] == table)
    return next(k["value"] for k in found["keys"] if k["name"] == key)


async def test_every_key_of_the_configuration_is_shown_with_its_value(backend: MadeUpBackend) -> None:
    answer = await settings.read_settings(backend, {})
    shown = {(table["name"], key["name"]) for table in answer["tables"] for key in table["keys"]}

    # Hooks and relays are written into the file alone.
    on_page = [table for table in TABLES.values() if table not in (HOOKS, RELAYS_TABLE)]
    assert shown == {(table.name, key.name) for table in on_page for key in table.keys}
    assert value(answer, "connections", "port") == "4002"
    assert value(answer, "connections", "application") == "any"
    assert value(answer, "checks", "look_every") == "5s"
    assert value(answer, "notifications", "quiet_hours") == ["22:00-07:00"]
    assert answer["at_login"] is False
    assert all(key["label"] and key["help"] for table in answer["tables"] for key in table["keys"])


async def test_without_a_file_the_defaults_are_shown(backend: MadeUpBackend) -> None:
    backend.config.unlink()
    answer = await settings.read_settings(backend, {})

    names = ["checks", "notifications", "page", "history", "updates", "ping", "metrics"]
    assert [t["name"] for t in answer["tables"]] == names


@pytest.mark.parametrize(
    ("origin", "keys", "words"),
    [
        (Origin("https://example.org/gatelight"), ["check", "address"], None),
        (Origin(), ["address"], "This build knows no address to ask for new versions."),
        (
            Origin(manager="the package manager of this system"),
            [],
            "New versions are up to the package manager of this system: Gatelight does not look for them itself.",
        ),
    ],
)
async def test_a_switch_for_new_versions_is_shown_where_it_does_something(
    backend: MadeUpBackend, origin: Origin, keys: list[str], words: str | None
) -> None:
    backend.origin = origin
    answer = await settings.read_settings(backend, {})
    (table,) = [table for table in answer["tables"] if table["name"] == "updates"]

    assert [key["name"] for key in table["keys"]] == keys
    assert table.get("note") == words


async def test_a_file_that_cannot_be_used_is_told(backend: MadeUpBackend) -> None:
    backend.config.write_text("[checks]\nlook_every = 5\n")
    answer = await settings.read_settings(backend, {})

    assert "line 2" in answer["fault"]
    assert value(answer, "checks", "look_every") == "5s"


@pytest.mark.parametrize(
    ("key", "given", "read"),
    [
        ("connections.Paper.port", "4001", lambda s: s.connections[0].port == 4001),
        ("connections.Paper.name", "Live", lambda s: s.connections[0].name == "Live"),
        ("connections.New one.name", "New one", lambda s: s.connections[1].name == "New one"),
        ("connections.Paper.start_command", ["/x", "-y", ""], lambda s: s.connections[0].start_command == ("/x", "-y")),
        ("checks.look_every", "10s", lambda s: s.checks.look_every == 10.0),
        ("notifications.desktop", "false", lambda s: not s.notifications.desktop),
        ("notifications.remote", [], lambda s: s.notifications.remote == ()),
        ("checks.test_symbols", ['A"B', "EUR.USD"], lambda s: s.checks.test_symbols == ('A"B', "EUR.USD")),
    ],
)  # fmt: skip
async def test_a_value_is_changed_and_comments_stay(
    key: str, given: object, read: Callable[[Any], bool], backend: MadeUpBackend
) -> None:
    await settings.change(backend, {"key": key, "value": given})
    text = backend.config.read_text()

    assert read(load(backend.config))
    assert "# mine" in text
    assert "# the paper one" in text
    assert backend.asked == ["config changed"]


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("connections.Paper.port", "99999"),
        ("connections.Paper.client_id", "0"),
        ("connections.Nobody.port", "4001"),
        ("checks.look_every", "often"),
        ("no.such", "1"),
        ("page.port", ["1"]),
        ("page.port", 1),
        ("notifications.remote", ["no url"]),
        ("notifications.remote", "x" * 10),
        ("checks.test_symbols", [1]),
    ],
)
async def test_what_cannot_be_used_is_refused_and_nothing_changes(
    key: str, given: object, backend: MadeUpBackend
) -> None:
    no = await refused(settings.change(backend, {"key": key, "value": given}))

    assert no.status in (400, 422)
    assert backend.config.read_text() == FILE
    assert backend.asked == []


@pytest.mark.parametrize(
    ("key", "given", "told"),
    [
        ("connections.Paper.port", "99999",
         "API port: “99999” cannot be used. It must be a number from 1 to 65535, or nothing."),
        ("connections.Paper.client_id", "0",
         "Client ID of Gatelight: “0” cannot be used (client ID 0 would adopt manual orders). "
         "It must be a number from 1 to 2147483647, or nothing."),
        ("connections.Paper.host", "a:1",
         "Computer: “a:1” cannot be used (leave out the port, which has a field of its own). "
         "It must be a host name or an IP address, such as 127.0.0.1."),
        ("checks.test_symbols", ["AAPL", "x" * 200],
         "Symbols: “" + "x" * 59 + "…” cannot be used (it has 200 characters). It must be a symbol, such as AAPL."),
        ("notifications.quiet_hours", ["22-7"],
         "Quiet hours: “22-7” cannot be used. It must be times of the day, such as 22:00-07:00."),
        ("notifications.remote", ["secret"],
         "Further addresses: a text without :// cannot be used. It must be an Apprise URL, such as ntfy://topic."),
        ("connections.New.name", " paper ", "There is a connection “paper” already: choose another name."),
    ],
)  # fmt: skip
async def test_a_refusal_is_a_sentence_in_the_words_of_the_field(
    key: str, given: object, told: str, backend: MadeUpBackend
) -> None:
    assert str(await refused(settings.change(backend, {"key": key, "value": given}))) == told


async def test_a_connection_is_renamed_in_another_spelling_of_its_name(backend: MadeUpBackend) -> None:
    await settings.change(backend, {"key": "connections.Paper.name", "value": "PAPER"})

    assert [one.name for one in load(backend.config).connections] == ["PAPER"]


@pytest.mark.parametrize("name", ["Second", "1", "A.B[2]", 'with "quotes"', "[1]"])
async def test_a_new_connection_never_changes_another_one(name: str, backend: MadeUpBackend) -> None:
    await settings.add(backend, {"connection": name})
    again = await refused(settings.add(backend, {"connection": name.upper()}))

    assert [one.name for one in load(backend.config).connections] == ["Paper", name]
    assert load(backend.config).connections[0].port == 4002
    assert "already" in str(again)
    assert backend.asked == ["config changed"]


async def test_a_new_connection_needs_a_usable_name(backend: MadeUpBackend) -> None:
    no = await refused(settings.add(backend, {"connection": "x" * 41}))

    assert "Name: “xxx" in str(no)
    assert backend.config.read_text() == FILE


async def test_a_duration_that_is_not_offered_is_among_the_choices_in_its_place(backend: MadeUpBackend) -> None:
    backend.config.write_text('[checks]\nlook_every = "7s"\n[notifications]\nrepeat_after = "never"\n')
    answer = await settings.read_settings(backend, {})
    keys = {key["name"]: key for table in answer["tables"] for key in table["keys"]}
    words = [one["words"] for one in keys["look_every"]["choices"]]

    assert words == ["2 seconds", "5 seconds", "7 seconds", "10 seconds", "30 seconds", "1 minute"]
    assert keys["look_every"]["usual"] == "5s"
    assert keys["repeat_after"]["choices"][-1] == {"value": "never", "words": "never"}


async def test_a_connection_is_taken_out_and_the_rest_stays(backend: MadeUpBackend) -> None:
    await settings.remove(backend, {"connection": "paper"})

    assert load(backend.config).connections == ()
    assert load(backend.config).notifications.remote == ("ntfy://secret",)
    assert "# mine" in backend.config.read_text()
    await refused(settings.remove(backend, {"connection": "paper"}))


SECRETS = ["ntfy://t0ken@ho'st/a b", "json://user:secret@host", "json://user:other@host", "https://hooks.example/T/B"]


async def test_secrets_are_never_shown_and_come_back_as_what_they_stand_for(backend: MadeUpBackend) -> None:
    await settings.change(backend, {"key": "notifications.remote", "value": SECRETS})
    await settings.change(backend, {"key": "connections.Paper.start_command", "value": ["/x", "--pw=hunter2", "-i"]})
    answer = await settings.read_settings(backend, {})
    shown, command = value(answer, "notifications", "remote"), value(answer, "connections", "start_command")
    await settings.change(backend, {"key": "notifications.remote", "value": [shown[2], "ntfy://new", *shown[:2]]})
    await settings.change(backend, {"key": "connections.Paper.start_command", "value": [*command, "-j"]})
    after = load(backend.config)

    assert len(set(shown)) == len(SECRETS)
    assert all(
        part not in str(answer["tables"])
        for part in ("t0ken", "st/a b", "secret", "other@", "hooks.example", "hunter2")
    )
    assert shown[0].startswith("ntfy://•••")
    assert (command[0], command[2]) == ("/x", "-i")
    assert after.notifications.remote == (SECRETS[2], "ntfy://new", SECRETS[0], SECRETS[1])
    assert after.connections[0].start_command == ("/x", "--pw=hunter2", "-i", "-j")


@pytest.mark.parametrize(
    "key",
    ["notifications.remote", "checks.test_symbols", "connections.Paper.start_command", "connections[1].start_command"],
)
async def test_a_mask_means_nothing_elsewhere_and_no_more_when_its_value_has_gone(
    key: str, backend: MadeUpBackend
) -> None:
    (mask,) = value(await settings.read_settings(backend, {}), "notifications", "remote")
    await settings.change(backend, {"key": "notifications.remote", "value": []})
    before = backend.config.read_text()
    no = await refused(settings.change(backend, {"key": key, "value": [mask]}))

    assert no.status == 422
    assert backend.config.read_text() == before


def test_what_is_guarded_is_said_at_its_key_and_asked_of_a_fresh_page() -> None:
    guarded = {f"{t.name}.{k.name}" for t in TABLES.values() for k in t.keys if k.guarded}
    ways = {e.path: e.guarded for e in ENDPOINTS if e.method == "POST"}

    assert guarded >= {"connections.start_command", "notifications.remote"}
    assert "updates.address" in guarded
    assert ways["settings"]({"key": "updates.address"})
    for key in (
        "connections.A.start_command",
        " connections[1]. start_command ",
        "notifications.remote",
        "x.remote",
    ):
        assert ways["settings"]({"key": key}), key
    assert not ways["settings"]({"key": "connections.A.port"})
    assert ways["at-login"]({"on": True})
    assert ways["setup"]({"act": "start-at-login"})
    assert not ways["setup"]({"act": "write"})


async def test_a_set_up_never_writes_what_is_guarded() -> None:
    answers = Answers(
        application=WantedApplication.TWS, trading_mode=WantedMode.LIVE, intent=Intent.DATA, port=4001, symbol="AAPL"
    )
    written = [key for key, _ in edits(Settings(), "A", answers)]

    assert len(written) == 5
    assert [key for key in written if is_guarded(key)] == []


async def test_what_was_written_is_what_is_shown_again(backend: MadeUpBackend) -> None:
    """Every value as it is shown can be sent back, and means the same."""
    before = load(backend.config)
    answer = await settings.read_settings(backend, {})
    for table in answer["tables"]:
        for key in table["keys"]:
            within = f"{table['name']}.{table['entry']}" if "entry" in table else table["name"]
            name = f"{within}.{key['name']}"
            await settings.change(backend, {"key": name, "value": key["value"]})

    after = load(backend.config)
    assert after == replace(before)
