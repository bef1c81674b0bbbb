"""Targets at work: a real loop, real processes that send, real HTTP and SMTP servers that take, refuse or hang."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from agent.app.world import knowledge
from agent.channels import remote
from agent.channels.remote import send_message
from agent.core.alerts.gathering import TOLD_AGAIN
from agent.core.clock import Moment
from agent.core.effects import OpenSession
from agent.core.events import Event, SessionLost
from agent.core.facts import Known, Listener, MachineFacts, Processes, Sockets
from agent.core.settings import NotificationSettings, TargetSettings
from agent.core.shown.targets import TargetAnswer, TargetMessage
from agent.core.state_machine.state import AgentState
from agent.runtime.memory_file import MemoryFile
from tests.channels.receivers import Receiver, free_port, http_receiver, mail_receiver, silent_receiver
from tests.runtime.made_up_world import PAPER, PORT, MadeUpSession, MadeUpWorld, running, state_of

pytest.importorskip("apprise")


@dataclass
class TellingWorld(MadeUpWorld):
    """A made-up world whose targets are real."""

    addresses: dict[str, str] = field(default_factory=dict)

    async def send(self, target: str, message: TargetMessage) -> TargetAnswer:
        self.messages.append((target, message))
        self.did(f"send to {target}")
        answer = await send_message(self.addresses[target], message)
        self.did(f"{target}: {answer.said}")
        return answer


HUNDRED = 100
MANY_GATEWAYS = tuple(replace(PAPER, name=f"gw-{n:03}", port=PORT + n) for n in range(HUNDRED))


def many_gateways() -> AgentState:
    """An agent that watches them, and knows one problem: a busy machine has others, such as a clock that seems off."""
    known = knowledge()
    problems = tuple(problem for problem in known.problems if problem.code == "app-not-running")
    return state_of(*MANY_GATEWAYS, known=replace(known, problems=problems))


class OneOfMany(MadeUpSession):
    """A session with one of many."""

    def open(self) -> None:
        assert isinstance(self._world, ManyGateways)
        self._world.gateway = self.wish.port not in self._world.away
        super().open()


@dataclass
class ManyGateways(TellingWorld):
    """A hundred IB Gateways, each on a port of its own; `away` are the ports of those that do not run."""

    away: set[int] = field(default_factory=set)

    def seen(self, now: Moment) -> MachineFacts:
        self.gateway = True
        one = super().seen(now)
        assert isinstance(one.processes, Known)
        (process,) = one.processes.value.applications
        there = [port for port in range(PORT, PORT + HUNDRED) if port not in self.away]
        running = tuple(replace(process, pid=port, api_ports=(port,)) for port in there)
        listeners = tuple(Listener(port, port, "java") for port in there)
        return replace(one, processes=Known(Processes(running)), sockets=Known(Sockets(listeners)))

    def session(self, wish: OpenSession, emit: Callable[[Event], None]) -> OneOfMany:
        self.sessions.append(OneOfMany(self, wish, emit))
        return self.sessions[-1]  # type: ignore[return-value]

    def end(self, numbers: range) -> None:
        """These Gateways end."""
        self.away |= {PORT + n for n in numbers}
        for session in self.sessions:
            if session.open_now and session.wish.port in self.away:
                session.open_now = False
                session.emit(SessionLost(session.wish.number, "connection closed"))

    @property
    def ill(self) -> int:
        """Connections that show that their Gateway does not run."""
        shown = self.statuses[-1].connections if self.statuses else ()
        return sum(any(p.visible and p.code == "app-not-running" for p in c.problems) for c in shown)

    @property
    def connected(self) -> int:
        return sum(c.phase == "connected" for c in self.statuses[-1].connections) if self.statuses else 0


def with_targets(world: TellingWorld, state: AgentState | None = None) -> AgentState:
    """An agent that tells the targets of this world."""
    state = state or state_of()
    targets = tuple(TargetSettings(name, url) for name, url in world.addresses.items())
    return replace(state, settings=replace(state.settings, notifications=NotificationSettings(targets=targets)))


def titles(receiver: Receiver) -> list[str]:
    return [one["title"] for one in receiver.came]


async def test_each_target_is_told_whatever_the_others_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "SEND_SECONDS", 60.0)
    with http_receiver() as good, silent_receiver() as silent, mail_receiver() as box:
        mail = f"mailto://127.0.0.1:{box.port}/?smtp=127.0.0.1&mode=insecure&from=a@example.org&to=b@example.org"
        nowhere = f"json://127.0.0.1:{free_port()}/"
        addresses = {
            "good": good.url,
            "silent": silent.url,
            "nowhere": nowhere,
            "mail": mail,
            "unknown": "nonsense://x",
        }
        world = TellingWorld(gateway=False, addresses=addresses)
        async with running(world, with_targets(world)):
            await world.until(lambda _: good.came and box.came)
            world.gateway = True
            await world.until(lambda w: "app-not-running" not in w.codes and len(good.came) == 2)
            status = world.statuses[-1]

    assert [len(good.came), [t for t, _ in world.messages].count("silent")] == [2, 1]
    assert titles(good)[0] == box.came[0]["mail"].split("Subject: ")[1].splitlines()[0]
    shown = {target.name: target for target in status.targets}
    assert shown["good"].taken
    assert (shown["silent"].taken, shown["silent"].answer) == (None, "")


@pytest.mark.parametrize("status", [429, 500])
async def test_a_target_that_refused_is_told_what_is_still_so_once_it_takes_it(status: int) -> None:
    with http_receiver(status=status, headers={"Retry-After": "120"}) as service:
        world = TellingWorld(gateway=False, addresses={"phone": service.url})
        async with running(world, with_targets(world)):
            await world.until(lambda w: w.statuses and w.statuses[-1].targets[0].taken is False)
            refused = len(service.came)
            service.status = 200
            world.ahead += 130.0
            await world.until(lambda w: w.statuses[-1].targets[0].taken)
            world.gateway = True
            await world.until(lambda _: len(service.came) == refused + 2)

    assert refused == 1
    assert service.came[1]["message"].startswith("For 2 min now: ")
    assert service.came[0]["title"] == service.came[1]["title"] != service.came[2]["title"]


async def test_what_waits_outlives_the_agent_and_nothing_is_told_twice(tmp_path: Path) -> None:
    file = MemoryFile(tmp_path / "memory.json")
    with http_receiver() as service:
        world = TellingWorld(gateway=False, addresses={"phone": service.url})
        async with running(world, with_targets(world)):
            await world.until(lambda w: w.memories and w.memories[-1].told_there)
            service.status = 500
            world.gateway = True
            await world.until(lambda w: w.memories[-1].waiting and w.statuses[-1].targets[0].taken is False)
        file.write(world.memories[-1])
        file.close()
        service.status = 200
        kept = MemoryFile(tmp_path / "memory.json").read()
        again = TellingWorld(addresses=world.addresses)
        async with running(again, with_targets(again, state_of(memory=kept))):
            await again.until(partial(_quiet, service))

    assert kept == world.memories[-1]
    begun, refused, arrived = titles(service)
    assert begun != refused == arrived


def _quiet(service: Receiver, world: MadeUpWorld) -> bool:
    """Whether the target knows all, and the session has stood for a while."""
    told = world.memories and not world.memories[-1].waiting and not world.memories[-1].told_there
    return bool(len(service.came) >= 3 and told and world.diary.count("heartbeat") > 3)


async def test_a_hundred_that_fail_together_and_come_back_are_told_as_one_to_a_phone_and_a_mailbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A busy machine takes its time; what is sent twice is received twice.
    monkeypatch.setattr(remote, "SEND_SECONDS", 60.0)
    with http_receiver() as phone, mail_receiver() as box:
        mail = f"mailto://127.0.0.1:{box.port}/?smtp=127.0.0.1&mode=insecure&from=a@example.org&to=b@example.org"
        world = ManyGateways(addresses={"phone": phone.url, "mail": mail})
        async with running(world, with_targets(world, many_gateways())):
            await world.until(lambda _: world.connected == HUNDRED)
            world.end(range(HUNDRED))
            await world.until(lambda _: phone.came and box.came)
            world.away.clear()
            await world.until(lambda _: len(phone.came) == 2 and len(box.came) == 2)

    begun, over = titles(phone)
    assert begun == "100 connections: IB Gateway is not running"
    # How they come back may differ.
    assert "100 connections: " in over
    assert "gw-009 (paper) and 90 more" in phone.came[0]["message"]
    assert all(f"Subject: {title}" in one["mail"] for title, one in zip((begun, over), box.came, strict=True))


async def test_of_a_hundred_some_that_come_back_earlier_are_told_with_those_that_are_still_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A busy machine takes its time; what is sent twice is received twice.
    monkeypatch.setattr(remote, "SEND_SECONDS", 60.0)
    with http_receiver() as phone:
        world = ManyGateways(addresses={"phone": phone.url})
        async with running(world, with_targets(world, many_gateways())) as loop:
            await world.until(lambda _: world.connected == HUNDRED)
            world.end(range(HUNDRED))
            await world.until(lambda _: phone.came)
            world.away = {PORT + n for n in range(30, HUNDRED)}
            # What is shown is not yet what waits for the phone: of many, some are decided about at a time.
            await world.until(lambda _: world.ill == HUNDRED - 30 and loop.state.deliveries["phone"].due < float("inf"))
            world.ahead += TOLD_AGAIN
            await world.until(lambda _: len(phone.came) == 2)
            world.away.clear()
            await world.until(lambda _: len(phone.came) == 3)

    assert [title.split(":")[0].removeprefix("Over at ") for title in titles(phone)] == [
        "100 connections",
        "30 connections",
        "70 connections",
    ]
    assert "Still so: gw-030" in phone.came[1]["message"]
    assert "Still so" not in phone.came[2]["message"]
