"""What lets a page in, decided without a server."""

import pytest

from agent.page.guard import (
    FRESH_SECONDS,
    MOST_SESSIONS,
    MOST_TOKENS,
    SESSION_SECONDS,
    TOKEN_SECONDS,
    Keyring,
    Shown,
    TabSession,
    digest,
    signed,
    turned_away,
)

PORT = 4711
OURS = f"127.0.0.1:{PORT}"
BODY = digest(b"body")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def entered(keyring: Keyring) -> TabSession:
    found = keyring.enter(keyring.invite())
    assert found is not None
    return found[0]


def proof(session: TabSession, method: str = "POST", path: str = "/api/do", nonce: str = "n", body: str = BODY) -> str:
    return ".".join((session.page, nonce, body, signed(session.key, "page", method, path, nonce, body)))


def known(keyring: Keyring, session: TabSession) -> bool:
    return keyring.proven(proof(session), "POST", "/api/do") is not None


def test_a_token_opens_once_and_leads_to_its_view() -> None:
    keyring = Keyring(Clock())
    token = keyring.invite("problem/x/api-disabled")
    first, second = keyring.enter(token), keyring.enter(token)

    assert first is not None
    assert first[1] == "problem/x/api-disabled"
    assert known(keyring, first[0])
    assert second is None


def test_a_token_is_too_old_after_a_minute() -> None:
    clock = Clock()
    keyring = Keyring(clock)
    early, late = keyring.invite(), keyring.invite()
    clock.now += TOKEN_SECONDS - 0.1
    in_time = keyring.enter(early)
    clock.now += 0.2

    assert in_time is not None
    assert keyring.enter(late) is None


@pytest.mark.parametrize("token", ["", "x", "../..", "a" * 10_000, "\ud800", "é"])
def test_a_wrong_token_opens_nothing(token: str) -> None:
    keyring = Keyring(Clock())
    keyring.invite()

    assert keyring.enter(token) is None


def test_secrets_cannot_be_guessed_and_do_not_repeat() -> None:
    keyring = Keyring(Clock())
    sessions = [entered(keyring) for _ in range(10)]
    made = {keyring.invite() for _ in range(10)} | {s.key for s in sessions} | {s.wait for s in sessions}

    assert len(made) == 30
    assert min(map(len, made)) >= 43  # 256 bits in base 64, or more digits


def test_the_oldest_unused_token_gives_way() -> None:
    keyring = Keyring(Clock())
    tokens = [keyring.invite() for _ in range(MOST_TOKENS + 1)]

    assert keyring.enter(tokens[0]) is None
    assert all(keyring.enter(token) for token in tokens[1:])


def test_a_token_that_is_expected_twice_takes_one_place() -> None:
    keyring = Keyring(Clock())
    token = keyring.invite()
    for _ in range(MOST_TOKENS + 1):
        keyring.expect("x")

    assert keyring.enter(token) is not None


def test_the_page_unused_for_longest_gives_way() -> None:
    clock = Clock()
    keyring = Keyring(clock)
    pages = []
    for _ in range(MOST_SESSIONS):
        clock.now += 1
        pages.append(entered(keyring))
    clock.now += 1
    known(keyring, pages[0])
    entered(keyring)

    assert known(keyring, pages[0])
    assert not known(keyring, pages[1])


def test_a_page_is_forgotten_a_week_after_it_was_used_last() -> None:
    clock = Clock()
    keyring = Keyring(clock)
    page = entered(keyring)
    for _ in range(2):
        clock.now += SESSION_SECONDS - 1
        assert known(keyring, page)
    clock.now += SESSION_SECONDS + 1

    assert not known(keyring, page)


def test_what_was_signed_counts_for_that_very_request_alone() -> None:
    keyring = Keyring(Clock())
    page, other = entered(keyring), entered(keyring)
    sent = proof(page)
    found = keyring.proven(sent, "POST", "/api/do")
    name, nonce, body, signature = sent.split(".")

    assert found is not None
    assert (found.nonce, found.body) == ("n", BODY)
    assert keyring.proven(sent, "GET", "/api/do") is None
    assert keyring.proven(sent, "POST", "/api/do?x=1") is None
    assert keyring.proven(".".join((name, nonce, digest(b"other"), signature)), "POST", "/api/do") is None
    assert keyring.proven(".".join((name, "m", body, signature)), "POST", "/api/do") is None
    assert keyring.proven(".".join((other.page, nonce, body, signature)), "POST", "/api/do") is None


@pytest.mark.parametrize("sent", [None, "", ".", "...", "a.b.c.d", "é.\ud800.é.é", "....", "x" * 10_000])
def test_what_is_not_signed_proves_nothing(sent: str | None) -> None:
    keyring = Keyring(Clock())
    entered(keyring)

    assert keyring.proven(sent, "GET", "/events") is None


@pytest.mark.parametrize("signature", ["", "é", "0" * 64])
def test_a_guessed_signature_proves_nothing(signature: str) -> None:
    keyring = Keyring(Clock())
    page = entered(keyring)

    assert keyring.proven(f"{page.page}.n.{BODY}.{signature}", "POST", "/api/do") is None


def test_an_answer_is_signed_too_and_nothing_sent_is_the_key() -> None:
    keyring = Keyring(Clock())
    page = entered(keyring)
    found = keyring.proven(proof(page), "POST", "/api/do")

    assert found is not None
    assert found.answer == signed(page.key, "agent", "n") != signed(page.key, "agent", "m")
    assert page.key not in found.answer + proof(page)
    assert page.wait not in found.answer + proof(page)


def test_after_the_end_of_a_server_nothing_of_it_counts() -> None:
    keyring = Keyring(Clock())
    page, token = entered(keyring), keyring.invite()
    keyring.forget()

    assert not known(keyring, page)
    assert keyring.enter(token) is None
    assert keyring.waiting == {}


def test_a_page_is_fresh_for_five_minutes_after_icon_or_terminal_opened_it() -> None:
    clock = Clock()
    keyring = Keyring(clock)
    page = entered(keyring)
    keyring.expect("sent here by a server before")
    moved = keyring.enter("sent here by a server before")

    assert page.fresh(clock.now + FRESH_SECONDS - 1)
    assert not page.fresh(clock.now + FRESH_SECONDS)
    assert moved is not None
    assert not moved[0].fresh(clock.now)


@pytest.mark.parametrize(
    "host",
    [None, "", "evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", f"127.0.0.1:{PORT}.evil.example",
     f"127.0.0.2:{PORT}", f"0.0.0.0:{PORT}", f"[::1]:{PORT}", f"LOCALHOST.:{PORT}", f"x@127.0.0.1:{PORT}"],
)  # fmt: skip
def test_another_host_is_turned_away(host: str | None) -> None:
    turned = turned_away(Shown("GET", host, navigation=True), PORT)

    assert turned is not None
    assert turned.status == 403


@pytest.mark.parametrize("host", [OURS, f"localhost:{PORT}"])
def test_our_two_names_are_let_in(host: str) -> None:
    assert turned_away(Shown("GET", host, navigation=True), PORT) is None
    assert turned_away(Shown("POST", host, origin=f"http://{host}", site="same-origin"), PORT) is None


@pytest.mark.parametrize(
    "origin",
    ["", "null", "http://evil.example", f"https://{OURS}", f"http://{OURS}.evil.example", f"http://localhost:{PORT}",
     "http://127.0.0.1:4712", "file://"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_origin_is_turned_away(method: str, origin: str) -> None:
    assert turned_away(Shown(method, OURS, origin=origin), PORT) is not None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "something-new"])
@pytest.mark.parametrize("navigation", [True, False])
def test_what_another_site_made_the_browser_ask_is_turned_away(site: str, navigation: bool) -> None:
    assert turned_away(Shown("GET", OURS, site=site, navigation=navigation), PORT) is not None


def test_an_address_that_was_typed_or_opened_by_a_program_is_a_way_in_for_pages_only() -> None:
    assert turned_away(Shown("GET", OURS, site="none", navigation=True), PORT) is None
    assert turned_away(Shown("GET", OURS, site="none"), PORT) is not None


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", ""])
def test_other_methods_are_not_known(method: str) -> None:
    turned = turned_away(Shown(method, OURS), PORT)

    assert turned is not None
    assert turned.status == 405


def test_another_port_of_this_host_may_send_its_tab_to_the_entrance_and_nowhere_else() -> None:
    assert turned_away(Shown("GET", OURS, site="same-site", navigation=True, entrance=True), PORT) is None
    assert turned_away(Shown("GET", OURS, site="same-site", entrance=True), PORT) is not None
    assert turned_away(Shown("GET", OURS, site="cross-site", navigation=True, entrance=True), PORT) is not None
