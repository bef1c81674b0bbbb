"""Who may come in, decided without a server."""

import pytest

from agent.page.guard import (
    MOST_SESSIONS,
    MOST_TOKENS,
    SESSION_SECONDS,
    TOKEN_SECONDS,
    Keyring,
    Shown,
    cookie_name,
    csrf_of,
    may_not_change,
    turned_away,
)

PORT = 4711
OURS = f"127.0.0.1:{PORT}"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def entered(keyring: Keyring) -> str:
    found = keyring.enter(keyring.invite())
    assert found is not None
    return found.cookie


def test_a_token_opens_once_and_leads_to_its_view() -> None:
    keyring = Keyring(Clock())
    token = keyring.invite("problem/x/api-disabled")
    first, second = keyring.enter(token), keyring.enter(token)

    assert first is not None
    assert first.view == "problem/x/api-disabled"
    assert keyring.session_of(first.cookie) is not None
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
    assert keyring.session_of(token) is None


def test_tokens_and_cookies_cannot_be_guessed_and_do_not_repeat() -> None:
    keyring = Keyring(Clock())
    made = {keyring.invite() for _ in range(10)} | {entered(keyring) for _ in range(10)}

    assert len(made) == 20
    assert min(map(len, made)) >= 43  # 256 bits in base 64


def test_the_oldest_unused_token_gives_way() -> None:
    keyring = Keyring(Clock())
    tokens = [keyring.invite() for _ in range(MOST_TOKENS + 1)]

    assert keyring.enter(tokens[0]) is None
    assert all(keyring.enter(token) for token in tokens[1:])


def test_the_browser_unused_for_longest_gives_way() -> None:
    clock = Clock()
    keyring = Keyring(clock)
    cookies = []
    for _ in range(MOST_SESSIONS):
        clock.now += 1
        cookies.append(entered(keyring))
    clock.now += 1
    keyring.session_of(cookies[0])
    entered(keyring)

    assert keyring.session_of(cookies[0]) is not None
    assert keyring.session_of(cookies[1]) is None


def test_a_session_ends_a_week_after_it_was_used_last() -> None:
    clock = Clock()
    keyring = Keyring(clock)
    cookie = entered(keyring)
    clock.now += SESSION_SECONDS - 1
    used = keyring.session_of(cookie)
    clock.now += SESSION_SECONDS - 1
    used_again = keyring.session_of(cookie)
    clock.now += SESSION_SECONDS + 1

    assert used is not None
    assert used_again is not None
    assert keyring.session_of(cookie) is None


def test_a_browser_is_known_again_after_a_restart_and_nothing_kept_is_its_secret() -> None:
    before = Keyring(Clock())
    cookie = entered(before)
    after = Keyring(Clock(), before.sessions)

    assert after.session_of(cookie) == before.session_of(cookie)
    assert cookie not in "".join(before.sessions)
    assert after.session_of(before.sessions[0]) is None


def test_the_second_secret_belongs_to_the_first_and_does_not_tell_it() -> None:
    assert csrf_of("a") == csrf_of("a") != csrf_of("b")
    assert "secret" not in csrf_of("secret")


def test_two_agents_on_one_host_do_not_share_a_cookie() -> None:
    assert cookie_name(1) != cookie_name(2)


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


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_only_json_changes_anything(kind: str) -> None:
    turned = may_not_change(Shown("POST", OURS, content_type=kind, csrf=csrf_of("cookie")), "cookie")

    assert turned is not None
    assert turned.status == 415


@pytest.mark.parametrize("csrf", [None, "", "x", csrf_of("another cookie"), "cookie", "é"])
def test_only_who_knows_the_second_secret_changes_anything(csrf: str | None) -> None:
    turned = may_not_change(Shown("POST", OURS, content_type="application/json", csrf=csrf), "cookie")

    assert turned is not None
    assert turned.status == 403
    assert (
        may_not_change(Shown("POST", OURS, content_type="application/json", csrf=csrf_of("cookie")), "cookie") is None
    )
