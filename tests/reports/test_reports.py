"""Public reports of users who could not connect, each staged: what is told must be what was so in truth."""

import pytest

from agent.core.facts import (
    Installation,
    Known,
    OtherProcess,
    SettingsHints,
    Sight,
    Surroundings,
    SurroundingsKind,
)
from agent.core.session_facts import Outcome, Way
from agent.core.settings import WantedApplication, WantedMode
from agent.tws.applications import ApplicationKind, Launcher
from agent.tws.launcher_log import LoginStage
from tests.problems.scene import (
    NOW,
    backing_off,
    connected,
    connection,
    facts,
    foreign,
    gateway,
    login,
    machine,
    notice,
    relay,
    tws,
)
from tests.reports.telling import Told, explained, told_of

NOTHING: Known[tuple[Installation, ...]] = Known(())
NEVER_SEEN = Sight()
WSL = Known(Surroundings(SurroundingsKind.WSL, "172.18.240.1"))
CONTAINER = Known(Surroundings(SurroundingsKind.CONTAINER, "host.docker.internal"))
BESIDE = (Way("172.20.0.2", "172.20.0.3", used=True, near=True),)
TWS = WantedApplication.TWS


def told(*args: object, **named: object) -> Told:
    found = told_of(facts(*args, **named))  # type: ignore[arg-type]
    assert found is not None
    return found


def test_from_wsl_windows_own_address_was_put_into_trusted_ips() -> None:
    """https://github.com/erdewit/ib_insync/issues/529: connected to 172.18.240.1:7496, then TimeoutError.

    TWS sees the address of WSL, not that of Windows, which the user had entered, and asks whether to accept it.
    """
    ways = (Way("172.18.240.1", "172.18.245.9", used=True, near=True),)
    seen = told(
        machine(surroundings=WSL, installed=NOTHING),
        backing_off(Outcome.SILENT, 7496, elapsed=4.0, ways=ways),
        wants=connection(application=TWS, host="172.18.240.1", port=7496),
        sight=NEVER_SEEN,
    )

    assert seen.code == "api-silent"
    assert "click **Yes** if the address is 172.18.245.9" in seen.steps
    assert explained("ib_insync.client ERROR API connection failed: TimeoutError()").causes[0].code == "api-silent"


def test_127_0_0_1_inside_wsl_is_not_windows() -> None:
    """https://github.com/hackingthemarkets/tradingview-interactive-brokers/issues/5: 127.0.0.1:7497 in WSL."""
    seen = told(
        machine(surroundings=WSL, installed=NOTHING),
        backing_off(Outcome.REFUSED, 7497),
        wants=connection(application=TWS, port=7497),
        sight=NEVER_SEEN,
    )

    assert seen.code == "app-not-running"
    assert seen.steps.startswith(
        "If TWS runs on Windows, outside WSL, set **Computer** of this connection to "
        "172.18.240.1 in Gatelight’s Settings."
    )


def test_the_gateway_in_the_container_takes_no_more_connections() -> None:
    """https://github.com/gnzsnz/ib-gateway-docker/issues/77, https://github.com/UnusualAlpha/ib-gateway-docker/issues/52

    After hours, socat writes “Connection timed out” for each connection: the Gateway behind it listens and hangs.
    """
    seen = told(
        machine(listeners=(relay(4001),), installed=NOTHING),
        backing_off(Outcome.SILENT, 4001, elapsed=5.0),
        wants=connection(port=4001),
        sight=NEVER_SEEN,
    )

    assert seen.code == "api-silent"
    assert seen.text.startswith("docker-proxy (pid 771) ")
    assert "IB Gateway in the container hangs, takes no more connections" in seen.text
    assert seen.steps.startswith("Do this in the container")
    line = explained("2022/12/22 21:27:11 socat[956] E connect(5, AF=2 127.0.0.1:4000, 16): Connection timed out")
    assert line.causes[0].code == "api-wedged"
    assert "login-pending" not in {cause.code for cause in line.causes}


def test_a_relay_that_takes_no_more_connections_is_what_hangs() -> None:
    """https://github.com/UnusualAlpha/ib-gateway-docker/issues/55: unreachable until a restart."""
    seen = told(
        machine(listeners=(relay(4001),), installed=NOTHING),
        backing_off(Outcome.UNREACHABLE, 4001, elapsed=5.0),
        wants=connection(port=4001),
        sight=NEVER_SEEN,
    )

    assert seen.code == "api-silent"
    assert seen.text.startswith("docker-proxy (pid 771) listens on port 4001 and no longer accepts connections.")
    assert seen.steps == "Restart docker-proxy (pid 771): it takes no more connections, whatever is behind it."


def test_a_published_port_is_none_for_a_container_beside() -> None:
    """https://github.com/gnzsnz/ib-gateway-docker/issues/218: `8888:4003` published; refused at ib-gateway:8888."""
    seen = told(
        machine(surroundings=CONTAINER, installed=NOTHING),
        backing_off(Outcome.REFUSED, 8888, ways=BESIDE),
        wants=connection(host="ib-gateway", port=8888),
        sight=NEVER_SEEN,
    )

    assert seen.code == "host-unreachable"
    assert "4003 for live and 4004 for paper" in seen.steps
    assert "firewall" not in seen.all
    assert "Socket port** is 8888" not in seen.steps


def test_the_relay_of_a_container_beside_finds_no_tws_behind_it() -> None:
    """https://github.com/extrange/ibkr-docker/issues/16: connected to ibkr:8888; its log has 127.0.0.1:7496 refused."""
    seen = told(
        machine(surroundings=CONTAINER, installed=NOTHING),
        backing_off(Outcome.CLOSED, 8888, ways=BESIDE),
        wants=connection(application=TWS, host="ibkr", port=8888),
        sight=NEVER_SEEN,
    )

    assert seen.code == "container-not-ready"
    assert "nothing listens" in seen.evidence


def test_a_container_beside_sees_the_containers_own_address() -> None:
    """Of the kind of https://github.com/gnzsnz/ib-gateway-docker/issues/34: past the relay, to the Gateway's port."""
    seen = told(
        machine(surroundings=CONTAINER, installed=NOTHING),
        backing_off(Outcome.CLOSED, 4001, ways=BESIDE),
        wants=connection(host="ib-gateway", port=4001),
        sight=NEVER_SEEN,
    )

    assert seen.code == "peer-not-trusted"
    assert "does not trust 172.20.0.3" in seen.text
    assert "the computer that runs the container" not in seen.all


def test_a_name_of_a_container_is_known_in_its_networks_only() -> None:
    """Of the same kind: another compose file, another network."""
    seen = told(
        machine(surroundings=CONTAINER, installed=NOTHING),
        backing_off(Outcome.UNRESOLVABLE, 4004),
        wants=connection(host="ib-gateway", port=4004),
        sight=NEVER_SEEN,
    )

    assert seen.code == "host-unresolvable"
    assert "the same network" in seen.steps
    assert explained("Error: getaddrinfo EAI_AGAIN ib-gateway").causes[0].code == "host-unresolvable"


def test_a_program_in_a_container_looks_for_tws_inside_of_it() -> None:
    """https://github.com/hamx0r/ibrest/issues/7: 502 at 127.0.0.1:4003 in a container; TWS runs on the computer."""
    seen = told(
        machine(surroundings=CONTAINER, installed=NOTHING),
        backing_off(Outcome.REFUSED, 4003),
        wants=connection(port=4003),
        sight=NEVER_SEEN,
    )

    assert seen.code == "app-not-running"
    assert "set **Computer** of this connection to host.docker.internal" in seen.steps.splitlines()[0]


def test_a_port_mapped_past_the_relay_is_closed_at_once() -> None:
    """https://github.com/gnzsnz/ib-gateway-docker/issues/94: `4002:4002`, where the relay inside listens on 4004."""
    seen = told(
        machine(listeners=(relay(4002),), installed=NOTHING),
        backing_off(Outcome.CLOSED, 4002),
        wants=connection(port=4002),
        sight=NEVER_SEEN,
    )

    assert seen.code == "container-not-ready"
    assert "4002 to 4004 for paper" in seen.steps


@pytest.mark.parametrize("outcome", [Outcome.UNREACHABLE, Outcome.REFUSED])
@pytest.mark.parametrize("host", ["0.0.0.127", "255.255.255.255", "224.0.0.1"])
def test_an_address_that_no_computer_has_is_mistyped(host: str, outcome: Outcome) -> None:
    """https://github.com/mementum/backtrader/issues/217: `--host 0.0.0.127` for 127.0.0.1."""
    seen = told(
        machine(tws(ports=(7496,))),
        backing_off(outcome, 7496, elapsed=0.001),
        wants=connection(application=TWS, host=host, port=7496),
    )

    assert seen.code == "host-unreachable"
    assert "mistyped" in seen.text
    assert "127.0.0.1" in seen.steps
    assert "firewall" not in seen.all
    assert "switched on" not in seen.all


def test_the_client_portal_gateway_is_another_product() -> None:
    """https://github.com/gnzsnz/ib-gateway-docker/issues/268: came from `bin/run.bat root/conf.yaml`, speaks HTTP."""
    portal = OtherProcess(640, "java", (5000,))
    seen = told(
        machine(client_portal=(portal,), installed=NOTHING),
        backing_off(Outcome.NOT_TWS, 5000),
        wants=connection(port=5000),
        sight=NEVER_SEEN,
    )

    assert seen.code == "wrong-product"
    assert explained("curl: (52) Empty reply from server").causes[0].code == "wrong-product"
    # https://github.com/Voyz/ibeam/issues/7
    assert explained("Gateway session active but not authenticated").causes[0].code == "wrong-product"


def test_the_internet_has_changed_and_the_log_in_finds_no_way() -> None:
    """https://github.com/brndnmtthws/thetagang/issues/568: moved to a new house; “Make sure API port is open”."""
    at_login = gateway(ports=(), link_for=None, age=900.0, login=login(LoginStage.NO_WAY, ago=300.0, heard=10.0))
    seen = told(machine(at_login), backing_off(Outcome.REFUSED))

    assert seen.code == "login-pending"
    assert "no way to IB’s servers" in seen.title
    assert "TCP ports 4000 and 4001" in seen.steps


def test_an_auto_log_off_time_is_why_it_ended() -> None:
    """https://github.com/IbcAlpha/IBC/issues/275, https://github.com/waytrade/ib-gateway-docker/issues/12

    IBC “stops the Gateway instead of restarting it”: `AutoLogoffTime` stood in its config.ini.
    """
    gone = Sight(
        last_pid=3117,
        kind=ApplicationKind.GATEWAY,
        port=4002,
        gone_since=NOW.monotonic - 120.0,
        ever=True,
        hints=SettingsHints(auto_logoff_time=13 * 60 + 57, source="config.ini"),
    )
    seen = told(machine(), backing_off(Outcome.REFUSED), wants=connection(port=4002), sight=gone)

    assert seen.code == "app-not-running"
    assert "set to log off every day at 13:57" in seen.text


def test_a_stale_restart_file_lets_the_log_in_stand_still() -> None:
    """https://github.com/IbcAlpha/IBC/issues/235: started in restart mode, stays at its log-in."""
    stuck = gateway(ports=(), link_for=None, age=3600.0, restarted=True, launched_by=Launcher.IBC)
    seen = told(machine(stuck), backing_off(Outcome.REFUSED))

    assert seen.code == "restart-stuck"
    assert "close it, start it once and log in by hand" in seen.text


def test_a_log_in_elsewhere_takes_the_session() -> None:
    """https://github.com/IbcAlpha/IBC/issues/15, https://github.com/QuantConnect/IBAutomater/issues/98

    The program says only “initialization timed out”; the window before it said “Existing session detected”.
    """
    window = "Window event: [WINDOW_OPENED] - Window title: [Existing session detected] - Window name: [dialog4]"
    timed_out = "Brokerage.OnMessage(): Error - Code: InitializationTimeout - The IBAutomater initialization timed out."

    assert explained(window).causes[0].code == "competing-session"
    assert {"login-pending", "competing-session"} <= {cause.code for cause in explained(timed_out).causes}


def test_a_farm_that_no_program_has_asked_for_is_not_missing() -> None:
    """https://github.com/IbcAlpha/IBC/issues/261: “usfuture” is not on after the start: it connects on demand."""
    quiet = connected(notices=(notice(2104, "Market data farm connection is OK:usfarm"),))

    assert told_of(facts(machine(gateway()), quiet)) is None
    # https://github.com/deephaven-examples/deephaven-ib/issues/126
    line = "17:37:29.865 STDERR ERROR:ibapi.wrapper:ERROR -1 2104 Market data farm connection is OK:usfarm"
    assert explained(line).good_news


def test_a_session_that_never_begins_is_told_by_what_came() -> None:
    """https://github.com/erdewit/ib_insync/issues/612, https://github.com/ib-api-reloaded/ib_async/issues/82

    The server version came, accounts and order ID did not; nothing is wrong with port, address or client ID.
    """
    seen = told(
        machine(tws(ports=(7496,))),
        backing_off(Outcome.NOT_READY, 7496, elapsed=5.0),
        wants=connection(application=TWS, port=7496),
    )

    assert seen.code == "session-not-ready"
    assert "Trusted IPs" not in seen.all


def test_a_router_in_between_is_what_a_far_gateway_sees() -> None:
    """https://github.com/extrange/ibkr-docker/issues/108: own addresses in Trusted IPs, in vain."""
    ways = (Way("20.50.1.1", "192.168.1.7", used=True),)
    seen = told(
        machine(installed=NOTHING),
        backing_off(Outcome.CLOSED, 4001, ways=ways),
        wants=connection(host="20.50.1.1", port=4001),
        sight=NEVER_SEEN,
    )

    assert seen.code == "peer-not-trusted"
    assert "enter the public address of the router here" in seen.steps
    assert "enter 192.168.1.7" not in seen.steps


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("channel 3: open failed: connect failed: Connection refused", "Nothing listens at the end of the tunnel"),
        (
            "channel 2: open failed: administratively prohibited: open failed",
            "The SSH server does not allow the tunnel",
        ),
        ("client_loop: send disconnect: Broken pipe", "The SSH tunnel does not stand"),
        ("Timeout, server 203.0.113.9 not responding.", "The SSH tunnel does not stand"),
    ],
)
def test_ssh_says_which_end_of_the_tunnel_failed(line: str, title: str) -> None:
    """https://github.com/pilwon/node-ib/issues/65: “when my tunnel closed unexpectedly”."""
    assert explained(line).title == title


def test_a_tunnel_on_another_address_of_this_computer_is_told_as_that() -> None:
    """A tunnel bound to `::1` alone: 127.0.0.1 refuses, though something listens on the port.

    https://github.com/erdewit/ib_insync/issues/395 has that refusal, without a word of what listens.
    """
    seen = told(
        machine(listeners=(relay(7496, "ssh"),), installed=NOTHING),
        backing_off(Outcome.REFUSED, 7496),
        wants=connection(application=TWS, host="localhost", port=7496),
        sight=NEVER_SEEN,
    )

    assert seen.code == "host-unreachable"
    assert "ssh (pid 771) listens on 7496, not at this address" in seen.evidence
    assert seen.steps.startswith("Let ssh (pid 771) listen on 127.0.0.1")


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("java.lang.OutOfMemoryError: Java heap space", "app-memory-low"),
        ("java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory", "app-not-running"),
        ("There is insufficient memory for the Java Runtime Environment to continue.", "app-not-running"),
        ("ib-gateway exited with code 137", "app-not-running"),
    ],
)
def test_whose_memory_has_run_out(line: str, cause: str) -> None:
    """https://github.com/gnzsnz/ib-gateway-docker/issues/149: “Out of memory when plenty available”."""
    assert explained(line).causes[0].code == cause


def test_without_a_screen_there_is_no_gateway() -> None:
    """What servers without Xvfb report; a locked screen is another matter."""
    for line in (
        "java.awt.AWTError: Can't connect to X11 window server using ':1' as the value of the DISPLAY variable.",
        "java.awt.HeadlessException",
    ):
        assert "screen" in explained(line).title


def test_a_spreadsheet_that_asks_too_much_is_cut_off() -> None:
    """https://interactivebrokers.github.io/tws-api/rtd_fqa_errors.html"""
    lost = explained("TwsRtdServer error: RTD Server disconnects from TWS such that cells stop updating")

    assert lost.causes[0].code == "message-rate-exceeded"
    assert explained("TwsRtdServer error: Cannot connect to TWS.").causes[0].code == "app-not-running"


def test_a_second_factor_that_timed_out_is_not_waiting_any_more() -> None:
    """https://github.com/QuantConnect/IBAutomater/pull/32"""
    line = "The two factor authentication request timed out. The request must be confirmed within 3 minutes."

    assert explained(line).title == "The second factor was not confirmed in time"


def test_another_program_of_the_system_has_the_port() -> None:
    """macOS' AirPlay receiver has port 5000, as users of the Client Portal Gateway report it."""
    seen = told(
        machine(listeners=(foreign(5000, "ControlCenter"),), installed=NOTHING),
        backing_off(Outcome.NOT_TWS, 5000),
        wants=connection(port=5000),
        sight=NEVER_SEEN,
    )

    assert seen.code == "api-port-taken"
    assert "ControlCenter (pid 505)" in seen.evidence


def test_the_live_account_on_a_copied_paper_script() -> None:
    """https://github.com/manhinhang/ib-gateway-docker/issues/60: 4001 and 4002 mixed up."""
    seen = told(
        machine(gateway(ports=(4001,))),
        connected(4001, accounts=("U1234567",)),
        wants=connection(trading_mode=WantedMode.PAPER, port=4001),
    )

    assert seen.code == "trading-mode-mismatch"
    mixed_up = told(machine(gateway(ports=(4002,))), backing_off(Outcome.REFUSED, 4001), wants=connection(port=4001))
    assert mixed_up.code == "api-port-mismatch"
    assert "4002" in mixed_up.text


def test_harmless_lines_of_ibc_say_so() -> None:
    """https://github.com/UnusualAlpha/ib-gateway-docker/issues/45: the log that the user searched for an error."""
    for line in (
        "2023-12-22 16:37:51:684 IBC: CommandServer is not started because the port is not configured",
        "2022-12-22 23:45:38:807 IBC: TWS API socket port is already set to 4000",
    ):
        assert explained(line).good_news
