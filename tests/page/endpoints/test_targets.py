"""Phone and mail, without a server in between: what is told, tested, saved, changed and removed."""

import json
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from agent.config.reading import load
from agent.core.shown.targets import SendOutcome, TargetAnswer
from agent.page import qr_code as codes
from agent.page.backend import Refused
from agent.page.endpoints import targets
from tests.page.made_up_backend import MadeUpBackend

FILE = """# mine
[notifications]
minimum_severity = "error"  # stays

[[notifications.targets]]
name = "My phone"  # the old one
url = "ntfys://ntfy.sh/secret-topic?mode=private"
quiet_hours = ["22:00-07:00"]
after = "7m"

[[notifications.targets]]
name = "Chat"
url = "slack://a-token/b-token/c-token"

# the page
[page]
port = 0
"""
MANNERS = {"name": "Phone", "minimum_severity": "error", "quiet_hours": ["23:00-06:00", "12:00-13:00"], "after": "15m"}
NTFY = {"service": "ntfy", "fields": {"topic": "new-topic", "server": "", "token": ""}}


@pytest.fixture
def backend(tmp_path: Path) -> MadeUpBackend:
    config = tmp_path / "config.toml"
    config.write_text(FILE)
    return MadeUpBackend(config=config)


async def refused(asking: Awaitable[Any]) -> Refused:
    with pytest.raises(Refused) as found:
        await asking
    assert str(found.value).endswith(".")
    return found.value


async def test_targets_are_told_without_their_addresses(backend: MadeUpBackend) -> None:
    told = await targets.read_targets(backend, {})

    assert told["targets"] == [
        {
            "name": "My phone",
            "own": True,
            "kind": "ntfy",
            "service": "ntfy",
            "minimum_severity": "warning",
            "quiet_hours": ["22:00-07:00"],
            "after": "7m",
        },
        {
            "name": "Chat",
            "own": True,
            "kind": "other",
            "service": "Another service (slack)",
            "minimum_severity": "warning",
            "quiet_hours": [],
            "after": "0s",
        },
    ]
    assert "secret-topic" not in json.dumps(told)
    assert "a-token" not in json.dumps(told)
    assert "fault" not in told


async def test_addresses_with_the_manners_of_the_desktop_are_told_and_tried_too(backend: MadeUpBackend) -> None:
    backend.config.write_text(
        '[notifications]\nminimum_severity = "error"\nremote = ["json://user:secret@127.0.0.1"]\n'
    )
    (told,) = (await targets.read_targets(backend, {}))["targets"]
    await targets.try_saved(backend, {"name": told["name"]})

    assert (told["name"], told["own"], told["minimum_severity"]) == ("address 1", False, "error")
    assert told["service"] == "Another service (json)"
    assert backend.targets.tried == ["json://user:secret@127.0.0.1"]
    assert "secret" not in json.dumps(told)


async def test_what_can_be_chosen_holds_what_is_in_use(backend: MadeUpBackend) -> None:
    told = await targets.read_targets(backend, {})

    delays = [one["value"] for one in told["delays"]]
    assert delays[:3] == ["0s", "5m", "7m"]
    assert [one["kind"] for one in told["services"]] == ["ntfy", "telegram", "discord", "email", "pushover", "other"]
    assert [one["value"] for one in told["severities"]] == ["info", "warning", "error"]
    assert all(one["words"] for one in (*told["delays"], *told["severities"]))


async def test_without_apprise_it_is_said_how_it_is_installed(
    backend: MadeUpBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "find_spec", lambda _: None)

    assert (await targets.read_targets(backend, {}))["missing"] == backend.targets.install


async def test_a_file_that_cannot_be_used_is_told(backend: MadeUpBackend) -> None:
    backend.config.write_text("[notifications]\nminimum_severity = 7\n")

    assert "minimum_severity" in (await targets.read_targets(backend, {}))["fault"]


async def test_a_topic_and_the_ways_to_subscribe_to_it(backend: MadeUpBackend) -> None:
    topic = (await targets.make_topic(backend, {}))["topic"]
    told = await targets.subscribe(backend, {"topic": topic, "server": "http://10.0.0.5:8080"})
    no = await refused(targets.subscribe(backend, {"topic": "no topic", "server": ""}))

    assert told["app"] == f"ntfy://10.0.0.5:8080/{topic}?secure=false"
    assert told["web"] == f"http://10.0.0.5:8080/{topic}"
    assert told["code"]["path"].startswith("M4 4.5h7")
    assert list(no.more["fields"]) == ["topic"]


async def test_without_the_library_for_codes_there_are_the_links(
    backend: MadeUpBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "segno", None)

    assert codes.qr_code("ntfy://ntfy.sh/t") is None
    assert set(await targets.subscribe(backend, {"topic": "t", "server": ""})) == {"app", "web"}


async def test_a_test_goes_to_what_was_typed_and_nothing_is_kept(backend: MadeUpBackend) -> None:
    backend.targets.answer = TargetAnswer(SendOutcome.REFUSED, "HTTP 403 Forbidden: forbidden")
    told = await targets.try_typed(backend, NTFY)

    assert told == {
        "taken": False,
        "said": "The service did not take the test.",
        "answer": "HTTP 403 Forbidden: forbidden",
    }
    assert backend.targets.tried == ["ntfys://ntfy.sh/new-topic?mode=private&image=no"]
    assert backend.config.read_text() == FILE


@pytest.mark.parametrize(
    ("outcome", "said", "told"),
    [
        (SendOutcome.LATE, "no answer within 8 s", "The service did not take the test: no answer within 8 s."),
        (SendOutcome.UNUSABLE, "Apprise is not there", "The test could not be sent: Apprise is not there."),
    ],
)
async def test_what_no_service_said_is_not_told_as_its_answer(
    outcome: SendOutcome, said: str, told: str, backend: MadeUpBackend
) -> None:
    backend.targets.answer = TargetAnswer(outcome, said)

    assert await targets.try_typed(backend, NTFY) == {"taken": False, "said": told}


async def test_a_test_of_a_target_goes_to_its_address(backend: MadeUpBackend) -> None:
    told = await targets.try_saved(backend, {"name": "my PHONE"})
    no = await refused(targets.try_saved(backend, {"name": "nobody"}))

    assert told["taken"]
    assert backend.targets.tried == ["ntfys://ntfy.sh/secret-topic?mode=private"]
    assert no.status == 409


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({"service": "ntfy", "fields": {"topic": "no topic"}}, ["topic"]),
        ({"service": "email", "fields": {"port": "0"}}, ["from", "port"]),
    ],
)
async def test_fields_that_cannot_be_used_are_told_one_by_one(
    asked: dict[str, Any], fields: list[str], backend: MadeUpBackend
) -> None:
    tried = await refused(targets.try_typed(backend, asked))
    saved = await refused(targets.save(backend, {**asked, **MANNERS, "before": ""}))

    assert list(tried.more["fields"]) == list(saved.more["fields"]) == fields
    assert backend.targets.tried == []
    assert backend.config.read_text() == FILE


@pytest.mark.parametrize("asked", [{"service": "x", "fields": {}}, {"service": "ntfy", "fields": {"topic": 7}}, {}])
async def test_what_no_form_sends_is_refused(asked: dict[str, Any], backend: MadeUpBackend) -> None:
    await refused(targets.try_typed(backend, asked))

    assert backend.targets.tried == []


async def test_a_new_target_is_written_and_the_rest_stays(backend: MadeUpBackend) -> None:
    await targets.save(backend, {**NTFY, **MANNERS, "before": ""})
    saved = load(backend.config, named=True).notifications.targets[-1]
    text = backend.config.read_text()

    assert (saved.name, saved.minimum_severity.value, saved.after) == ("Phone", "error", 900)
    assert saved.url == "ntfys://ntfy.sh/new-topic?mode=private&image=no"
    assert len(saved.quiet_hours) == 2
    assert "# mine" in text
    assert "# the page\n[page]" in text
    assert backend.asked == ["config changed"]


async def test_what_is_as_usual_is_not_written(backend: MadeUpBackend) -> None:
    backend.config.unlink()
    usual = {"name": "Phone", "minimum_severity": "warning", "quiet_hours": [], "after": "0s"}
    await targets.save(backend, {**NTFY, **usual, "before": ""})

    assert backend.config.read_text() == (
        '[[notifications.targets]]\nname = "Phone"\nurl = "ntfys://ntfy.sh/new-topic?mode=private&image=no"\n'
    )


async def test_a_change_keeps_the_address_and_the_comments(backend: MadeUpBackend) -> None:
    await targets.save(backend, {**MANNERS, "service": "ntfy", "fields": None, "before": "My phone"})
    text = backend.config.read_text()

    assert 'name = "Phone"  # the old one\nurl = "ntfys://ntfy.sh/secret-topic?mode=private"' in text
    assert 'after = "15m"' in text
    assert 'quiet_hours = ["23:00-06:00", "12:00-13:00"]' in text
    assert load(backend.config, named=True).notifications.targets[1].name == "Chat"


async def test_another_address_can_be_typed(backend: MadeUpBackend) -> None:
    await targets.save(backend, {**NTFY, **MANNERS, "name": "My phone", "before": "My phone"})

    assert "secret-topic" not in backend.config.read_text()
    assert "new-topic" in backend.config.read_text()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "chat"}, "name"),
        ({"quiet_hours": ["22:00-7"]}, "quiet_hours"),
        ({"quiet_hours": "always"}, "quiet_hours"),
        ({"after": "soon"}, "after"),
        ({"minimum_severity": "some"}, "minimum_severity"),
    ],
)
async def test_manners_that_cannot_be_used_are_told_at_their_field(
    more: dict[str, Any], field: str, backend: MadeUpBackend
) -> None:
    no = await refused(targets.save(backend, {**NTFY, **MANNERS, **more, "before": ""}))

    assert list(no.more["fields"]) == [field]
    assert backend.config.read_text() == FILE


async def test_an_address_can_be_kept_in_the_key_store_and_leaves_it_with_its_target(backend: MadeUpBackend) -> None:
    backend.targets.store = "the keyring of GNOME"
    await targets.save(backend, {**NTFY, **MANNERS, "name": "Müller’s phone", "before": "", "key_store": True})
    store = await targets.tell_key_store(backend, {})
    told = await targets.read_targets(backend, {})
    ((name, secret),) = backend.targets.kept.items()
    text = backend.config.read_text()
    await targets.try_saved(backend, {"name": "Müller’s phone"})
    await targets.remove_target(backend, {"name": "Müller’s phone"})

    assert store == {"key_store": "the keyring of GNOME"}
    assert told["targets"][-1]["service"] == "In the key store"
    assert secret == "ntfys://ntfy.sh/new-topic?mode=private&image=no"
    assert f'url = "{name}"' in text
    assert "new-topic" not in text
    assert backend.targets.tried == [name]
    assert backend.targets.kept == {}


async def test_an_address_that_is_replaced_leaves_the_key_store(backend: MadeUpBackend) -> None:
    await targets.save(backend, {**NTFY, **MANNERS, "before": "", "key_store": True})
    await targets.save(backend, {**NTFY, **MANNERS, "before": "Phone", "key_store": False})

    assert backend.targets.kept == {}
    assert "new-topic" in backend.config.read_text()


async def test_what_the_key_store_refuses_is_told_and_nothing_is_written(backend: MadeUpBackend) -> None:
    backend.targets.refusal = "The key store is locked: unlock it first."
    no = await refused(targets.save(backend, {**NTFY, **MANNERS, "before": "", "key_store": True}))

    assert str(no) == "The key store is locked: unlock it first."
    assert backend.config.read_text() == FILE


async def test_nothing_stays_in_the_key_store_where_the_file_cannot_be_changed(backend: MadeUpBackend) -> None:
    backend.config.write_text("[notifications]\nminimum_severity = 7\n")
    with pytest.raises(Refused):
        await targets.save(backend, {**NTFY, **MANNERS, "before": "", "key_store": True})

    assert backend.targets.kept == {}


@pytest.mark.parametrize("name", ["2", "a.b.url", 'He said "no"', "keyring:x", "[1]", "Müller’s phone #1", "'"])
async def test_a_target_may_have_any_name(name: str, backend: MadeUpBackend) -> None:
    await targets.save(backend, {**NTFY, **MANNERS, "name": name, "before": ""})
    await targets.save(backend, {**MANNERS, "fields": None, "name": name, "after": "1h", "before": name})
    saved = load(backend.config, named=True).notifications.targets[-1]
    await targets.save(backend, {**NTFY, **MANNERS, "name": "Other", "before": name})
    renamed = [one.name for one in load(backend.config, named=True).notifications.targets]
    await targets.remove_target(backend, {"name": "Other"})

    assert (saved.name, saved.after) == (name, 3600)
    assert renamed == ["My phone", "Chat", "Other"]
    assert [one.name for one in load(backend.config, named=True).notifications.targets] == ["My phone", "Chat"]


async def test_a_target_is_removed_and_the_rest_stays(backend: MadeUpBackend) -> None:
    await targets.remove_target(backend, {"name": "My phone"})
    no = await refused(targets.remove_target(backend, {"name": "My phone"}))

    assert [one.name for one in load(backend.config, named=True).notifications.targets] == ["Chat"]
    assert "# the page\n[page]" in backend.config.read_text()
    assert no.status == 409


def test_what_sends_to_a_new_address_needs_a_page_that_was_opened_just_now() -> None:
    guarded = {e.path: e.guarded for e in targets.ENDPOINTS}

    assert guarded["targets/begin"]({})
    assert guarded["targets/try"](NTFY)
    assert guarded["targets/save"]({**NTFY, "before": "My phone"})
    assert not guarded["targets/save"]({"fields": None, "before": "My phone"})
    assert not guarded["targets/test"]({"name": "My phone"})
