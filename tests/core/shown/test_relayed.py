"""What the view Limits tells of a relay: numbers, whose they are, and what to do."""

from typing import Any

import pytest

from agent.core.evidence.relays_together import together
from agent.core.relay_facts import NearMark
from agent.core.shown.relayed import RelayUse, relay_use, relay_use_to_json
from agent.relay.doubts import LineKind
from agent.relay.ledger import HistoryWindows, ProgramUsage, Refusal
from agent.relay.report import refusals_as_json, relay_as_json

NOW, WRITTEN = 10_000.0, 1_795_000_000.0


def program(peer: str, *, lines: int = 0, rate: int = 0) -> ProgramUsage:
    usage = ProgramUsage(NOW - 60.0, peer, client_id=7, server_version=178)
    for number in range(lines):
        usage.open_line(number, LineKind.STREAM, f"I{number} STK")
    if rate:
        usage.rate.add(NOW - 30.0, rate)
    return usage


def report(*usages: ProgramUsage, windows: HistoryWindows | None = None, lines: int = 100) -> dict[str, Any]:
    """As a relay writes it and the observer names it: each program by its address."""
    near = {"lines": NearMark(5.0), "history": NearMark(5.0)}
    about = {"name": "Paper relay", "port": 5002, "to": "127.0.0.1:4002", "pid": 5, "written": WRITTEN}
    told = relay_as_json(about, usages, windows or HistoryWindows(), lines, near, NOW)
    told["refusals"] = refusals_as_json(((usage, one) for usage in usages for one in usage.refusals), NOW)
    for one in (*told["programs"], *told["left"], *told["refusals"]):
        one["label"] = one["peer"]
    return together([told])


def use_of(told: dict[str, Any]) -> RelayUse:
    use = relay_use(told)
    assert isinstance(use, RelayUse)
    return use


def asked(windows: HistoryWindows, who: ProgramUsage, times: int) -> None:
    for number in range(times):
        windows.add(NOW - 100.0 + number / 10, f"c{number}", f"r{number}", 1, who)


def test_one_that_fits_fits() -> None:
    use = use_of(report(program("a", lines=1), lines=2))

    assert use.lines.to_do == "1 more fits. a holds most, 1."


def test_relays_that_do_not_tell_are_named_beside_the_numbers_of_the_others() -> None:
    said = [use_of({**report(program("a")), "uncounted": names}).beside for names in ([], ["Lab"], ["Lab", "Own"])]

    assert said == [
        "",
        "Relay “Lab” does not tell what goes through it, and is not counted.",
        "Relays “Lab” and “Own” do not tell what goes through them, and are not counted.",
    ]
    assert "beside" not in relay_use_to_json(report(program("a")))


@pytest.mark.parametrize(
    ("held", "to_do"),
    [
        ((0, 0), "No program has market data open."),
        ((20, 50), "30 more fit. b holds most, 50."),
        ((61, 29), "Nearly used up. a holds most, 61: let it cancel the data that it does not need."),
        ((50, 50), "Used up: TWS refuses the next. a holds most, 50: let it cancel the data that it does not need."),
    ],
)
def test_the_program_that_holds_most_lines_comes_first_and_is_named(held: tuple[int, int], to_do: str) -> None:
    use = use_of(report(program("a", lines=held[0]), program("b", lines=held[1])))

    assert (use.lines.used, use.lines.of, use.lines.to_do) == (sum(held), 100, to_do)
    assert [one.lines for one in use.programs] == sorted(held, reverse=True)


@pytest.mark.parametrize(
    ("sent", "left", "to_do", "safe_in"),
    [
        (0, 0, "None that counts was sent in the last ten minutes: those for bars above 30 seconds do not.", 0.0),
        (12, 3, "45 more fit. a has sent most, 12.", 0.0),
        (54, 0, "Nearly used up. a has sent most, 54: let it pause.", 0.0),
        (60, 0, "Used up: TWS refuses the next. a has sent most, 60: let it pause.", 500.0),
        (0, 55, "Nearly used up. Their programs have left: wait.", 0.0),
    ],
)
def test_history_tells_who_has_sent_most_and_when_the_next_is_safe(
    sent: int, left: int, to_do: str, safe_in: float
) -> None:
    windows, here, gone = HistoryWindows(), program("a"), program("gone")
    asked(windows, here, sent)
    asked(windows, gone, left)
    history = use_of(report(here, windows=windows)).history

    assert (history.used, history.of, history.left, history.to_do) == (sent + left, 60, left, to_do)
    assert history.safe_at == pytest.approx(WRITTEN + safe_in)
    assert (len(history.curve), history.curve[60]) == (121, sent + left)


@pytest.mark.parametrize(
    ("rate", "to_do"),
    [
        (0, "No program that is connected has sent any in the last ten minutes."),
        (30, "a has sent most, 30 in one second; 50 are allowed to each."),
        (
            46,
            "a has sent most, 46 in one second; 50 are allowed to each: let it ask for less at a time, or set its "
            "library to pace itself.",
        ),
    ],
)
def test_the_busiest_second_is_that_of_the_last_ten_minutes(rate: int, to_do: str) -> None:
    use = use_of(report(program("a", rate=rate), program("b", rate=rate // 2)))

    assert (use.rate_to_do, use.programs[0].most, use.programs[0].rate) == (to_do, rate, 0)


def test_a_refusal_names_its_program_and_what_to_do() -> None:
    usage = program("a")
    usage.refusals.append(Refusal(NOW - 90.0, 101, "market data lines", "stream of AAPL STK"))
    usage.refusals.append(Refusal(NOW - 30.0, 100, "messages a second", ""))
    use = use_of(report(usage))

    assert [(one.at, one.code, one.request, one.program) for one in use.refusals] == [
        (WRITTEN - 30.0, 100, "", "a"),
        (WRITTEN - 90.0, 101, "stream of AAPL STK", "a"),
    ]
    assert use.refusals_to_do == (
        "Cancel data that is not needed, or order a Quote Booster in the web portal. "
        "Let the program send less at a time: TWS may end its session after the third time."
    )
    assert use_of(report(program("a"))).refusals_to_do == ""


@pytest.mark.parametrize(("seconds", "said"), [(0.2, False), (3.0, True)])
def test_a_slow_tws_is_told_as_one(seconds: float, said: bool) -> None:
    from agent.relay.ledger import AnswerTimes

    usage, times = program("a"), AnswerTimes()
    times.asked(NOW - 50.0, 1)
    times.answered(NOW - 50.0 + seconds, 1)
    times.asked(NOW - 5.0, 2)
    usage.answers["history"] = times
    use = use_of(report(usage))

    (one,) = use.answers
    assert (one.kind, one.program, one.usual, one.longest, one.waiting) == ("history", "a", seconds, seconds, 1)
    assert bool(use.answers_to_do) == said


def test_what_is_not_counted_is_said_so() -> None:
    usage = program("a")
    usage.uncounted = "what it sends is not the TWS API"
    use = use_of(report(usage))

    assert [(one.name, one.uncounted) for one in use.programs] == [("a", "what it sends is not the TWS API")]
    assert "uncounted" not in relay_use_to_json(report(program("a")))["programs"][0]


@pytest.mark.parametrize("change", [{"lines": {}}, {"programs": [{}]}, {"history": 5}, {"step_s": None}])
def test_a_report_of_another_version_is_said_so(change: dict[str, Any]) -> None:
    told = relay_use_to_json(report(program("a")) | change)

    assert told == {"name": "Paper relay", "unknown": "it was started by another version of Gatelight"}


def test_programs_of_several_relays_are_shown_together_each_with_its_relay() -> None:
    use = use_of(both := report_of_two(program("a", lines=60), program("b", lines=35)))

    assert [(one.name, one.port) for one in use.relays] == [("Paper relay", 5002), ("Lab", 5003)]
    assert [(one.name, one.relay, one.lines) for one in use.programs] == [("a", "Paper relay", 60), ("b", "Lab", 35)]
    assert (use.lines.used, use.lines.of, use.past) == (95, 100, None)
    assert use.lines.to_do.startswith("Nearly used up. a holds most, 60")
    assert relay_use_to_json(both | {"past": ["excel.exe (pid 5)"]})["past"] == ["excel.exe (pid 5)"]
    assert "relay" not in relay_use_to_json(report(program("a")))["programs"][0]


def report_of_two(first: ProgramUsage, second: ProgramUsage) -> dict[str, Any]:
    near = {"lines": NearMark(5.0), "history": NearMark(5.0)}
    told = []
    for name, port, usage in (("Paper relay", 5002, first), ("Lab", 5003, second)):
        about = {"name": name, "port": port, "to": "127.0.0.1:4002", "pid": port, "written": WRITTEN, "refusals": []}
        one = relay_as_json(about, [usage], HistoryWindows(), 100, near, NOW)
        one["programs"][0]["label"] = usage.peer
        told.append(one)
    return together(told)


def test_what_tws_may_have_refused_is_said_beside_what_is_certain() -> None:
    usage, windows = program("a", lines=3), HistoryWindows()
    usage.doubts.asked(NOW, 3, LineKind.STREAM)
    usage.open_line(3, LineKind.STREAM, "AAPL STK")
    usage.doubts.asked_history(NOW, 9, 2)
    windows.add(NOW, "c", "r", 2, usage)
    usage.doubts.refused(NOW)
    use = use_of(report(usage, windows=windows))

    assert (use.lines.used, use.lines.in_doubt, use.programs[0].lines_in_doubt) == (3, 1, 1)
    assert use.lines.to_do == (
        "96 more fit for certain, 97 at most: TWS refused messages without saying which (notice 100). a holds most, 3."
    )
    assert (use.history.used, use.history.in_doubt) == (0, 2)
    assert use.history.to_do.startswith("58 more fit for certain, 60 at most: TWS refused messages")


def test_a_relay_whose_counts_are_not_known_says_why() -> None:
    assert relay_use_to_json({"name": "x", "unknown": "it has reported nothing for a while"}) == {
        "name": "x",
        "unknown": "it has reported nothing for a while",
    }


def test_texts_from_outside_are_made_harmless_and_many_instruments_are_counted() -> None:
    usage = program("a", lines=105)
    usage.lines[0] = LineKind.SNAPSHOT, "A\x1b[31m\u202e STK"
    told = relay_use_to_json(report(usage))["programs"][0]

    assert told["instruments"][0] == "A[31m STK"
    assert (len(told["instruments"]), told["left_out"]) == (100, 5)
    assert told["kinds"] == ["1 snapshot", "104 streams"]
