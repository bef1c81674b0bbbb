"""What the page is told: the status, and what belongs to it on a page; nothing private, nothing guessed."""

import json
from dataclasses import replace

from agent.core.as_json import rfc3339
from agent.core.shown.display import IconState
from agent.core.shown.status import ShownApplication, ShownConnection, ShownProblem, Status, status_to_json
from agent.core.updates import Release
from agent.page.progress import Ended, Followed, Progress, point_of
from agent.page.view import Seen, view
from agent.tws.calendar import Expectation, Outage, OutageKind
from tests.page.test_path import HEALTHY

PROBLEM = ShownProblem(
    "api-disabled", "error", "The API is off", "text", ("seen",), ("step",), 5.0, True, can_be_snoozed=False, told=False
)
TROUBLED = ShownConnection(
    "TWS",
    "127.0.0.1",
    7496,
    IconState.PROBLEM,
    "idle",
    1_795_000_000.0,
    application=ShownApplication("tws", None, 1, 0.0, ()),
    problems=(PROBLEM,),
    accounts=("DU1234567",),
    wanted=True,
)
FOLLOWED = Followed("TWS", "api-disabled", "The API is off", 5.0, point_of(TROUBLED), ("a", "b", "c"), frozenset({"c"}))
STATUS = Status("0.1.0", 42, 0.0, (HEALTHY, TROUBLED))


def test_everything_of_the_status_is_in_it_unchanged() -> None:
    shown = view(Seen(STATUS))
    plain = status_to_json(STATUS, thorough=True)

    assert {key: shown[key] for key in ("schema", "agent", "overall")} == {
        key: plain[key] for key in ("schema", "agent", "overall")
    }
    for its, told in zip(shown["connections"], plain["connections"], strict=True):
        assert {key: its[key] for key in told if key != "problems"} == {
            key: told[key] for key in told if key != "problems"
        }


def test_account_numbers_are_masked() -> None:
    assert "DU1234567" not in json.dumps(view(Seen(STATUS)))
    assert "DU•••567" in json.dumps(view(Seen(STATUS)), ensure_ascii=False)


def test_each_connection_says_how_it_is_in_words() -> None:
    healthy, troubled = view(Seen(STATUS))["connections"]

    assert (healthy["headline"], healthy["title"]) == ("connected", "IB Gateway")
    assert (troubled["headline"], troubled["title"], troubled["words"]) == ("The API is off", "TWS", "problem")
    assert view(Seen(STATUS))["worst"] == ["TWS", "api-disabled"]


def test_a_problem_says_how_far_it_is_and_whether_it_can_be_snoozed() -> None:
    shown = view(Seen(STATUS, progress=Progress((FOLLOWED,))))["connections"][1]["problems"][0]

    assert (shown["done"], shown["snoozable"], shown["undelivered"]) == ([3], False, True)


def test_latencies_are_sent_short() -> None:
    seen = Seen(STATUS, latencies={"Paper": ((1_795_000_000.0, 0.00123456),)})
    healthy, troubled = view(seen)["connections"]

    assert healthy["latencies"] == [[1_795_000_000, 1.23]]
    assert "latencies" not in troubled


def test_the_last_hour_is_sent_as_runs() -> None:
    seen = Seen(STATUS, hours={"Paper": (1_795_000_020.0, (("", 58), ("connected", 2)))})
    healthy, troubled = view(seen)["connections"]

    assert healthy["hour"] == {"begins": rfc3339(1_795_000_020.0), "states": [["", 58], ["connected", 2]]}
    assert "hour" not in troubled


def test_all_of_them_are_summed_up_and_each_has_its_place() -> None:
    shown = view(Seen(STATUS))
    healthy, troubled = shown["connections"]

    assert shown["summary"] == "1 of 2 has a problem: TWS"
    assert troubled["rank"] < healthy["rank"]


def test_many_connections_are_told_in_groups_as_well() -> None:
    many = [replace(HEALTHY, name=f"{place}-{n:02}") for place in ("lon", "nyc") for n in range(15)]
    shown = view(Seen(replace(STATUS, connections=(*many[:-1], replace(TROUBLED, name=many[-1].name)))))

    assert [(g["name"], g["overall"], g["words"]) for g in shown["groups"]] == [
        ("nyc", "problem", "1 with a problem, 14 connected"),
        ("lon", "connected", "all 15 connected"),
    ]
    assert shown["groups"][0]["connections"][0] == "nyc-14"
    assert "groups" not in view(Seen(STATUS))


def test_it_says_how_gatelight_is_started_again() -> None:
    assert view(Seen(STATUS, started_as="python -m agent run"))["start"] == {"command": "python -m agent run"}
    assert view(Seen(STATUS, starts_at_login=True))["start"]["at_login"] is True


def test_what_the_calendar_says_is_told_in_words_and_times() -> None:
    restart = Outage(OutageKind.RESTART, 1_795_010_000.0, 1_795_010_300.0)
    expected = {"Paper": Expectation(next_outage=restart, login_due=1_795_100_000.0)}
    healthy, troubled = view(Seen(STATUS, expected=expected))["connections"]

    assert healthy["next_outage"]["begins"].endswith("Z")
    assert healthy["next_outage"]["kind"] == "restart"
    assert "login_due" in healthy
    assert "next_outage" not in troubled


def test_what_is_on_the_way_is_told_with_what_is_done() -> None:
    on_the_way = replace(FOLLOWED, code="app-not-running", under_way=True)
    (shown,) = view(Seen(STATUS, progress=Progress((FOLLOWED, on_the_way))))["under_way"]

    assert (shown["connection"], shown["code"], shown["done"]) == ("TWS", "app-not-running", [3])
    assert shown["steps"][2] in FOLLOWED.seen_done


def test_what_is_over_is_told() -> None:
    (ended,) = view(
        Seen(
            STATUS,
            progress=Progress(
                ended=(Ended("TWS", "app-frozen", "TWS is frozen", 0.0, 60.0, left=("Start your programs again.",)),)
            ),
        )
    )["ended"]

    assert ended == {
        "connection": "TWS",
        "code": "app-frozen",
        "title": "TWS is frozen",
        "since": "1970-01-01T00:00:00Z",
        "until": "1970-01-01T00:01:00Z",
        "done": [],
        "left": ["Start your programs again."],
    }


def test_a_configuration_that_cannot_be_used_is_told() -> None:
    assert view(Seen(STATUS, config_error="line 3"))["config_error"] == "line 3"


def test_what_does_not_change_makes_the_same_text() -> None:
    assert json.dumps(view(Seen(STATUS))) == json.dumps(view(Seen(STATUS)))


def test_an_end_is_told_only_of_an_outage_that_is_under_way() -> None:
    away = replace(HEALTHY, overall=IconState.MAINTENANCE, outage_ends=1_795_003_600.0)
    window = {"Paper": Expectation(outage=Outage(OutageKind.RESET, 1_795_000_000.0, 1_795_003_600.0))}

    (under_way,) = view(Seen(replace(STATUS, connections=(away,)), expected=window))["connections"]
    (calm,) = view(Seen(replace(STATUS, connections=(HEALTHY,)), expected=window))["connections"]

    assert under_way["back_by"] == rfc3339(1_795_003_600.0)
    assert "back_by" not in calm


def test_since_is_that_of_the_headline() -> None:
    healthy, troubled = view(Seen(STATUS))["connections"]

    assert healthy["headline_since"] == {"words": "Connected since", "time": "1970-01-01T00:00:00Z"}
    assert troubled["headline_since"] == {"words": "Since", "time": "1970-01-01T00:00:05Z"}


def test_a_newer_version_is_told_with_its_page_and_else_nothing() -> None:
    update = Release("0.3.0", "https://example.org/gatelight/")

    assert view(Seen(replace(STATUS, update=update)))["update"] == {"version": "0.3.0", "page": update.page}
    assert "update" not in view(Seen(STATUS))
