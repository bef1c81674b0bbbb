"""What is true once a problem is over: the facts that good news stands on, and the news that several problems share."""

from collections.abc import Callable, Mapping

from agent.core.evidence.notices import link_down, live
from agent.core.evidence.processes import chosen, link_settled, port_of
from agent.core.evidence.words import app_name
from agent.core.facts import Facts, Known
from agent.core.problem import GoodNews
from agent.core.session_facts import Phase, ServerLink
from agent.problems.shared.words import host_of


def words_now(facts: Facts) -> dict[str, str]:
    """The application, the port and the host by the names that they have now."""
    port = facts.session.port if facts.session.port is not None else port_of(facts)
    return {"app": app_name(facts), "port": str(port), "host": host_of(facts)}


def when(holds: Callable[[Facts], bool]) -> Callable[[Facts, str], Mapping[str, str] | None]:
    """For `GoodNews.known`: good news that is true while `holds`, about the application, the port and the host."""
    return lambda facts, _: words_now(facts) if holds(facts) else None


def unheard(title: str) -> GoodNews:
    """The end of a problem that only notices tell: none has come for a while, and that is all that is known."""
    return GoodNews(title, "Nothing more was heard of it. It was shown for {lasted}.", lambda facts, _: {})


def answers(facts: Facts) -> bool:
    """Whether an API session stands and is answered."""
    return facts.session.phase is Phase.CONNECTED and not facts.session.frozen


def reached(facts: Facts) -> bool:
    """Whether the session that stands is one with the application that this connection means."""
    process = chosen(facts)
    return answers(facts) and (process is None or facts.session.port in process.api_ports)


def runs(facts: Facts) -> bool:
    """Whether the application is seen running."""
    return chosen(facts) is not None


def runs_again(facts: Facts) -> bool:
    """Whether it runs, and another process of it was seen to run before."""
    return runs(facts) and facts.sight.replaced_at is not None


def port_open(facts: Facts) -> bool:
    """Whether the application has an API port, which it opens after a log-in."""
    process = chosen(facts)
    return answers(facts) or (process is not None and bool(process.api_ports))


def listens_there(facts: Facts) -> bool:
    """Whether the application listens on the port of the connection."""
    process = chosen(facts)
    return process is not None and port_of(facts) in process.api_ports


def logged_in(facts: Facts) -> bool:
    """Whether a user is logged in: the API port is open, or a connection to IB has stood long enough to prove it."""
    process = chosen(facts)
    return port_open(facts) or (process is not None and link_settled(facts, process))


def link_up(facts: Facts) -> bool:
    """Whether the application has told, or shown, that it is connected to IB's servers."""
    return answers(facts) and facts.session.server_link is ServerLink.UP


def session_well(facts: Facts) -> bool:
    """Whether a session can be judged, and its link to IB's servers is not known to be down."""
    return live(facts) and not facts.session.frozen and not link_down(facts)


def all_seen(facts: Facts) -> bool:
    """Whether the system shows every process and every socket."""
    processes, sockets = facts.machine.processes, facts.machine.sockets
    if not isinstance(processes, Known) or not isinstance(sockets, Known):
        return False
    return processes.value.unseen is None and sockets.value.unseen is None
