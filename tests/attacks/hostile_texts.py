"""Texts as an attacker makes them, and what must never come out of Gatelight again."""

from collections.abc import Mapping

from hypothesis import strategies as st

from agent.tws.privacy import Private

PRIVATE = Private(homes=("/data/alice.smith",), names=("alice.smith",), words=("t0ken-xyz",))
SECRETS = {
    "DU7654321A": "7654",
    "u1234567": "1234",
    "DUP765432": "7654",
    "/Volumes/Data/Users/bob.jones/Jts": "bob.jones",
    "\\\\wsl$\\Debian\\home\\bob.jones\\Jts": "bob.jones",
    '{\\"password\\": \\"hunter2secret\\"}': "hunter2secret",
    "MY_API_KEY=zyxwvut98": "zyxwvut98",
    "/home/bob.jones/.ssh/id": "bob.jones",
    "/data/alice.smith/keys": "alice.smith",
    "C:\\Users\\bob.jones\\Jts": "bob.jones",
    "alice.smith": "alice.smith",
    "password=hunter2secret": "hunter2secret",
    "PassWord: hunter2secret": "hunter2secret",
    "--pw hunter2secret": "hunter2secret",
    "t0ken-xyz": "t0ken-xyz",
    "DU76\u200b54\u202e321A": "7654",
    "pass\u00adword\ufeff=hunter2secret": "hunter2secret",
    "F1234567": "1234",
    "DI7654321": "7654",
    "https://hooks.example.com/services/T0X/hiddenpath": "hiddenpath",
    "https://hc-ping.example.com/3f9c-ping": "3f9c-ping",
    "tgram://123:botsecret/chat99": "botsecret",
    "ntfys://me:pw@push.example.com/topic77": "topic77",
    "token=abcdef123456": "abcdef123456",
    "Authorization: Bearer eyJhbGciOi": "eyjhbgcioi",
    "api_key: 'zyxwvut98'": "zyxwvut98",
    "ibcalpha.ibc.IbcGateway /opt/ibc/config.ini edemo hunter2secret": "hunter2secret",
}
"""What is planted, and the part of it by which it would be known."""

NASTY = (
    "\udcff\udc80",
    "\ud83d",
    "\x1b]0;owned\x07",
    "\x1b[2J\x1b[1;1H",
    "\x9b31m",
    "\x00",
    "\r\n2026-01-01 00:00:00 ERROR agent: forged",
    "\u2028\u2029\x85",
    "\u202eevil\u2066\u2069\u200f",
    "\u200b\u200d\ufeff\u034f\u3164",
    "a" + "\u0301" * 300,
    "\u0301" * 50,
    "<b>&amp;</b><script>",
    "{app}%s%(x)s",
    "𝔘𝔫𝔦\U000e0041\U0001f600",
    "\ufffe\uffff\U0010ffff",
)

_TEXTS = st.lists(
    st.one_of(
        st.sampled_from(NASTY),
        st.text(st.characters(), max_size=20),
        st.text(st.characters(categories=["Cc", "Cf", "Cs", "Co", "Mn"]), max_size=20),
    ),
    max_size=4,
).map("".join)


@st.composite
def hostile(draw: st.DrawFn, secrets: Mapping[str, str] = SECRETS) -> tuple[str, str]:
    """A text with something planted between spaces, and the part that must not come out."""
    planted = draw(st.sampled_from(sorted(secrets)))
    filler = "word " * draw(st.sampled_from((0, 0, 0, 10, 18, 19, 20, 196, 198, 199, 200, 200_000)))
    return f"{draw(_TEXTS)} {filler}{planted} {draw(_TEXTS)}", secrets[planted]
