"""What is taken out of a text before anybody else sees it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tws.privacy import MASK, Private, mask_account, parts_of_secret, redact, spellings

HERE = Private(
    homes=("/srv/people/anna", r"C:\Users\Anna Berg"), names=("anna", "root", "al"), words=("https://hook.example/T0K",)
)


@pytest.mark.parametrize(
    ("account", "masked"),
    [
        ("U1234567", "U•••567"),
        ("U12345678", "U•••678"),
        ("DU123456", "DU•••456"),
        ("F7654321", "F•••321"),
        ("DF7654321", "DF•••321"),
        ("I123456", "I•••456"),
        ("du123456", "du•••456"),
        ("DUP123456", "DUP•••456"),
        ("DFA1234567", "DFA•••567"),
        ("U1234567A", "U•••67A"),
        ("XYZ12345", "•••345"),
        ("All", "•••"),
        ("", "•••"),
        ("DU•••456", "DU•••456"),
    ],
)
def test_an_account_keeps_its_letters_and_its_end(account: str, masked: str) -> None:
    assert mask_account(account) == masked


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("accounts DU1234567,U123456 (F7654321)", "accounts DU•••567,U•••456 (F•••321)"),
        ("<<< 15,1,DU1234567", "<<< 15,1,DU•••567"),
        (r"b'\x0015\x001\x00DU1234567\x00'", r"b'\x0015\x001\x00DU•••567\x00'"),
        (r"b'\n\tDU1234567\x12'", r"b'\n\tDU•••567\x12'"),
        ("\x00DU1234567\x00", "\x00DU•••567\x00"),
        ("acct_U1234567_day", "acct_U•••567_day"),
        ("'account': 'du1234567'", "'account': 'du•••567'"),
        ("Order rejected for account DUQ123456.", "Order rejected for account DUQ•••456."),
    ],
)
def test_accounts_are_found_wherever_they_stand(text: str, clean: str) -> None:
    assert redact(text) == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/home/anna/Jts/jts.ini", "~/Jts/jts.ini"),
        ("in /home/otto: no", "in ~: no"),
        ("/Users/otto von x/Jts", "~/Jts"),
        ("from /home/otto to /home/bob/x", "from ~ to ~/x"),
        ("/mnt/c/Users/Otto/Jts", "~/Jts"),
        ("file:///home/otto/x", "file://~/x"),
        ("/root/Jts and /root", "~/Jts and ~"),
        (r"C:\Users\Otto Berg\Jts", r"~\Jts"),
        (r"C:\\Users\\Otto\\Jts", r"~\\Jts"),
        ("d:/users/Otto/Jts", "~/Jts"),
        (r"C:\Users\Otto is full", "~ is full"),
        (r"C:\Users\Anna Berg", "~"),
        ("/srv/people/anna/x", "~/x"),
        ("/srv/people/bob/x", "/srv/people/bob/x"),
        ("/c/Users/Otto/Jts", "~/Jts"),
        ("/Volumes/Data disk/Users/otto/Jts", "~/Jts"),
        ("/net/server/export/home/otto/x", "~/x"),
        ("at /x or /y and /data/home/otto", "at /x or /y and ~"),
        (r"\\wsl.localhost\Debian\home\otto\x", r"~\x"),
        (r"\\server\Users\Otto Berg\Jts", r"~\Jts"),
        (r"\\?\C:\Users\OTTOBE~1\Jts", r"\\?\~\Jts"),
        (r"D:\Data\Users\Otto\Jts", r"~\Jts"),
        (r"C:\Documents and Settings\Otto\Jts", r"~\Jts"),
        ("/opt/ibgateway/1045", "/opt/ibgateway/1045"),
        ("/Users/Shared/x", "/Users/Shared/x"),
        ("/home is full", "/home is full"),
    ],
)
def test_home_folders_become_a_tilde(text: str, clean: str) -> None:
    assert redact(text, HERE) == clean


@pytest.mark.parametrize(
    "text",
    [
        "java -cp a.jar ibcalpha.ibc.IbcGateway /etc/ibc/config.ini edemo s3cret paper",
        "['java', 'ibcalpha.ibc.IbcTws', '/etc/ibc/config.ini', 'edemo', 's3cret', 'live']",
        "ibcstart.sh 1019 --gateway --user=edemo --pw=s3cret --mode=paper",
        "ibcstart.sh --user=edemo --fix-pw=my s3cret, it is",
        "['ibcstart.sh', '--user', 'edemo', '--pw', 's3cret']",
        "StartIBC.bat 1019 /Gateway /User:edemo /PW:s3cret",
        "IbLoginId=edemo\nIbPassword=s3cret",
        "FIXLoginId=edemo\nFIXPassword=my s3cret",
        "TWS_USERID: edemo\nTWS_PASSWORD: s3cret",
        '{"username": "edemo", "password": "s3cret"}',
        "--password s3cret",
        "tgram://s3cret/edemo",
        "mailto://edemo:s3cret@example.org",
        "https://edemo:s3cret@example.org/x",
        "https://hooks.example.org/services/s3cret/edemo",
        "http://127.0.0.1:4321/?token=s3cret",
        "http://127.0.0.1:4321?token=s3cret",
        "https://example.org#access=s3cret",
        r'{"told": "{\"username\": \"edemo\", \"password\": \"s3cret\"}"}',
        "TWS_PASS=s3cret",
        "Uid=1;Pwd=s3cret",
    ],
)
def test_passwords_and_logins_never_remain(text: str) -> None:
    clean = redact(text)

    assert "s3cret" not in clean
    assert "edemo" not in clean
    assert MASK in clean


def test_what_stands_around_a_secret_remains() -> None:
    assert redact("java ibcalpha.ibc.IbcGateway x.ini a b") == "java ibcalpha.ibc.IbcGateway •••"
    assert redact("IbPassword=a\nTradingMode=paper") == "IbPassword=•••\nTradingMode=paper"
    assert redact("see https://u:p@example.org:81/a/b now") == "see https://example.org:81/••• now"
    assert redact("open http://127.0.0.1:4321/ now") == "open http://127.0.0.1:4321/ now"


def test_names_and_words_of_this_machine_are_taken_out() -> None:
    assert redact("Anna said anna's; annabel did not", HERE) == "••• said •••'s; annabel did not"
    assert redact("sent to https://hook.example/T0K today", HERE) == "sent to ••• today"


def test_names_that_are_everyday_words_stay() -> None:
    assert redact("the root cause, al dente", HERE) == "the root cause, al dente"


@pytest.mark.parametrize(
    "text",
    [
        "IB Gateway 10.45 (pid 3117) listens on 4002",
        "notice 2104: Market data farm connection is OK:usfarm",
        "client ID 12345678 is in use, server version 178",
        "Password Notice was shown; Soft token=0 received",
        "look at 2026-11-22 10:52:35.123 +0100",
        "EUR.USD, U12, F1, DU",
        "",
    ],
)
def test_everyday_lines_stay_as_they_are(text: str) -> None:
    assert redact(text, HERE) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("token=abcdef123456 and more", "token=••• and more"),
        ("{'api_key': 'zyxwvut98', 'x': 1}", "{'api_key': '•••', 'x': 1}"),
        ("Authorization: Bearer eyJhbGciOi.x-y", "Authorization: Bearer •••"),
        ("MY_API_KEY=abcdef123 GATELIGHT_TOKEN=abcdef123", "MY_API_KEY=••• GATELIGHT_TOKEN=•••"),
        ("client_secret=abcdef123 x", "client_secret=••• x"),
        ("Authorization: Basic dXNlcjpwYXNz and more", "Authorization: Basic ••• and more"),
        (r"{\"token\": \"abcdef123\", \"x\"", r'{\"token\": \"•••", \"x\"'),
        ("refresh_token: abcdef, secret = ghijkl", "refresh_token: •••, secret = •••"),
        ("Soft token=0 received, bearer of news, secret: no", "Soft token=0 received, bearer of news, secret: no"),
    ],
)
def test_a_token_is_masked_and_what_follows_it_stays(text: str, clean: str) -> None:
    assert redact(text, HERE) == clean


PIECE = st.sampled_from(
    ["DU1234567", "U", "123", " ", "/home/", "C:\\Users\\", "anna", "--pw=", "password: ", "user_id=", "://", "https"]
) | st.sampled_from(["\\x08", "ibcalpha.ibc.IbcTws", ",", "\n", "'", MASK, "/", "@", "?"])
PIECES = st.lists(PIECE | st.text(max_size=5), max_size=20).map("".join)


WHOLE = st.sampled_from(
    [
        "DU1234567",
        "/home/otto/x",
        "/root",
        r"C:\Users\Otto B\x",
        "--pw=abc",
        "password: abc",
        "user_id=abc",
        "anna",
        "\n",
    ]
) | st.sampled_from(
    ["https://u:p@x.org/y?z", "tgram://abc", "ibcalpha.ibc.IbcTws a b", MASK, "is", "(pid 12)", "=", "'"]
)


@given(st.lists(WHOLE, max_size=12).map(" ".join))
def test_cleaning_twice_finds_nothing_more(text: str) -> None:
    once = redact(text, HERE)

    assert redact(once, HERE) == once


@given(PIECES)
def test_no_mixture_hides_an_account(text: str) -> None:
    clean = redact(text, HERE)

    assert re.search(r"(?<![A-Za-z0-9])DU1234567(?![A-Za-z0-9])", clean) is None


@given(
    st.sampled_from(["U", "F", "I", "DU", "DF"]),
    st.integers(10**5, 10**8),
    st.sampled_from(["", " ", ",", "'", "\x00", "=", "("]),
)
def test_no_account_survives(prefix: str, number: int, around: str) -> None:
    account = f"{prefix}{number}"

    assert str(number) not in redact(f"x{around or ' '}{account}{around}")


@pytest.mark.parametrize(
    "piece",
    [
        "/a",
        "/a ",
        "\\\\a",
        "\\a",
        "password\\\\",
        "D:\\a",
        "a",
        "-",
        "a.",
        "/home/",
        "C:\\Users\\",
        "pw",
        "://",
        "--user ",
        "\\x08DU1",
        "/home/a b",
    ],
)
@pytest.mark.timeout(10)
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (200_000 // len(piece))

    assert isinstance(redact(text, HERE), str)


@pytest.mark.parametrize(
    ("name", "told"), [("李明", True), ("\u042f\u043d\u0430", True), ("é", False), ("al", False), ("root", False)]
)
def test_a_short_name_in_other_letters_tells_a_person(name: str, told: bool) -> None:
    clean = redact(f"said {name}, and {name}的", Private(names=(name,)))

    assert (name not in clean) is told


def test_a_name_is_found_however_its_accents_are_written() -> None:
    name = "J\u00fcrgen"
    private = Private(homes=spellings(f"/data/{name}"), names=spellings(name))

    for written in (name, "Ju\u0308rgen"):
        assert redact(f"{written} has /data/{written}/x", private) == f"{MASK} has ~/x"


def test_every_part_of_a_secret_address_gives_it_away() -> None:
    parts = parts_of_secret("hook://Anna:pass%20word@Host.example:8443/T0K3N/x?key=Q7X9")

    assert {"Anna", "anna", "pass%20word", "pass word", "Host.example", "host.example", "T0K3N", "Q7X9"} <= set(parts)
    assert "hook" not in parts
    assert "x" not in parts, "it would be found in every other word"
    assert parts_of_secret("T0K3N") == ("T0K3N", "t0k3n")
