"""The log-in, as TWS, IB Gateway's launcher.log, IBC and IBAutomater write it.

Sources: launcher.log as public reports quote it, the messages and exit codes of IBC 3.24 and of IBAutomater.
"""

from agent.tws.symptoms.shapes import Symptom, symptom

_ANSWER_THE_PHONE = (
    "Confirm the log-in on your phone within three minutes.",
    "If none is asked for any more, begin the log-in again, once.",
)
_EXIT = r"exit(?:ing|ed)?\s*(?:with\s+)?(?:exit\s*)?(?:code|status)\D{0,4}"

LOG_IN: tuple[Symptom, ...] = (
    symptom(
        "weekly-log-in",
        "The weekly log-in is due: the stored token is no longer valid",
        "IB invalidates the tokens of automatic restarts every Sunday at 01:00 New York time, and sometimes at other "
        "times. TWS or IB Gateway then needs a full log-in with the second factor.",
        "login-pending login-due",
        r"soft\s+token\s*=\s*0",
        r"security\s+tokens?\s.{0,60}\bexpired",
        r"auto-?restart\s+token\s+(?:has\s+)?expired",
        r"autorestart\s+file\s+not\s+found|full\s+authentication\s+will\s+be\s+required",
    ),
    symptom(
        "log-in-locked",
        "Too many failed log-ins",
        "IB has locked the log-in for a while after several failed attempts.",
        "login-pending",
        r"too\s+many\s+failed\s+login",
        steps=(
            "Wait some minutes before the next attempt. Do not let anything repeat the log-in by itself.",
            "Check user name, password and whether live or paper trading is chosen.",
            "Log in once, by hand.",
        ),
    ),
    symptom(
        "wrong-mode-at-log-in",
        "The user name belongs to the other trading mode: live or paper",
        "On the log-in screen live trading was chosen for a paper trading user, or paper trading for a live one.",
        "login-pending trading-mode-mismatch",
        r"selected\s+the\s+\w+\s+account\s+mode.{0,40}specified\s+user\s+is",
        r"select\s+the\s+correct\s+login\s+mode",
        steps=("On the log-in screen, choose the trading mode of this user name.", "Log in once more."),
    ),
    symptom(
        "server-disconnected",
        "The log-in did not reach IB’s servers",
        "TWS or IB Gateway could not reach IB’s servers while logging in: the internet connection is down, a firewall "
        "or proxy blocks ports 4000 and 4001, or IB resets its servers at this moment.",
        "scheduled-outage network-down login-pending",
        r"connection\s+to\s+server\s+failed|server\s+disconnected,?\s+please\s+try\s+again",
        r"attempt\s+\d+:\s*(?:network|server)\s+error",
    ),
    symptom(
        "second-factor-missed",
        "The second factor was not confirmed in time",
        "IB ended the log-in, because it was not confirmed on the phone within about three minutes. TWS or IB Gateway "
        "has no API port before the log-in is done.",
        "login-pending",
        r"suppress_message_box",
        r"(?:closing|exit)\w*\s.{0,40}login\s+has\s+not\s+completed\s+after\s+second\s+factor",
        r"(?:second|two)[\s-]factor\s+(?:authentication|login)\s+(?:request\s+)?(?:has\s+)?(?:timed\s+out|time-?out)",
        rf"{_EXIT}(?:1111|87)\b",
        steps=("Begin the log-in again, once.", "Confirm it on your phone within three minutes."),
    ),
    symptom(
        "log-in-timed-out",
        "IB did not answer the log-in in time",
        "TWS or IB Gateway tries the log-in again by itself. If this goes on, IB’s servers are being reset, or the "
        "second factor is not confirmed.",
        "login-pending scheduled-outage network-down",
        r"\bauthentication\s+time(?:d\s+)?\s?-?out\b",
        r"\bauthtimeoutmonitor\S*:\s*timeout",
    ),
    symptom(
        "log-in-failed",
        "The log-in failed",
        "TWS or IB Gateway did not accept user name or password, or they belong to the other trading mode. It waits "
        "at its log-in screen, and has no API port meanwhile.",
        "login-pending",
        r"(?:unrecognized|invalid)\s+user\s?name\s+or\s+password|indicates\s+wrong\s+password",
        r"(?:entitled|title|dialog|window)\W*(?:ibkr\s+)?login\s+(?:failed|error)",
        r"^\W*login\s+failed\W*$",
        r"IBC:\s*login\s+failed",
        steps=(
            "Check user name and password, and whether live or paper trading is chosen on the log-in screen.",
            "Log in by hand once. Several failed attempts lock the log-in.",
        ),
    ),
    symptom(
        "log-in-refused",
        "IB refused or ended the log-in",
        "What stands behind “Authorization failed”, or the window of TWS or IB Gateway, says why. There is no API port "
        "before a log-in succeeds.",
        "login-pending",
        r"authorization\s+failed",
        r"onauthenticationcompleted\b.{0,60}authenticated=false",
        steps=(
            "Read what the line or the window says.",
            "Log in by hand once. Several failed attempts lock the log-in.",
        ),
    ),
    symptom(
        "second-factor",
        "The second factor is waiting for you",
        "TWS or IB Gateway waits for the confirmation on the phone. The request is valid for about three minutes; "
        "there is no API port before the log-in is done.",
        "login-pending",
        r"second\s+factor\s+authentication",
        r"security\s+code\s+card\s+authentication|challenge\s*/\s*response",
        r"enter\s+security\s+code",
        r"two[\s-]factor\s+(?:authentication|login)",
        r"received\s+challenge\b|sent\s+ns_heart_beat",
        steps=_ANSWER_THE_PHONE,
    ),
    symptom(
        "log-in-screen-missing",
        "IBC gave up waiting for the log-in screen",
        "IBC ended with exit code 1112: TWS or IB Gateway did not show its log-in screen in time.",
        "login-pending app-not-running",
        rf"{_EXIT}(?:1112|88)\b",
    ),
    symptom(
        "ibc-settings",
        "IBC stopped, because its own settings are wrong",
        "The exit code says that IBC could not use its arguments, its config.ini, or the folder of TWS’s settings. TWS "
        "or IB Gateway was not started.",
        "app-not-running",
        rf"ibc\b.{{0,40}}{_EXIT}(?:110[2-9])\b",
        steps=("Read the line before it in IBC’s log: it names what is wrong.", "Correct IBC’s config.ini or script."),
    ),
    symptom(
        "ibc-stopped",
        "IBC stopped: it did not find its way in TWS or IB Gateway",
        "IBC met a window it does not know, or failed itself, and ended. Often TWS is newer than IBC.",
        "app-not-running",
        rf"ibc\b.{{0,40}}{_EXIT}(?:1100|1101|1110)\b",
        steps=("Update IBC.", "Start TWS or IB Gateway through IBC again."),
    ),
    symptom(
        "automater-timed-out",
        "IBAutomater did not get through the log-in in time",
        "IB Gateway was started, and a window that IBAutomater does not know, a log-in elsewhere or a second factor "
        "without an answer kept it from its main window. The lines before name the latest window.",
        "login-pending competing-session",
        r"initialization\s*timeout|ibautomater\s+initialization\s+timed\s+out|auto-?restart\s+timed\s+out",
        steps=("Read the “Window title” in the lines before, and answer that window by hand once.",),
    ),
    symptom(
        "no-display",
        "IB Gateway found no screen to start on",
        "TWS and IB Gateway need a screen, also on a server and in a container: Xvfb or VNC has to run, and DISPLAY "
        "has to name it. It did not start, so there is no API port.",
        "app-not-running",
        r"can'?t\s+connect\s+to\s+x11\s+window\s+server|no\s+x11\s+display|headlessexception",
        r"(?:cannot|can'?t|unable\s+to)\s+open\s+display",
        steps=(
            "Start Xvfb or a VNC server first, and set DISPLAY to its number, for example `:1`.",
            "If it was killed before, delete the lock it left, `/tmp/.X1-lock` for `:1`.",
        ),
    ),
    symptom(
        "out-of-memory",
        "TWS or IB Gateway has run out of memory",
        "Java has used up the memory that TWS or IB Gateway may have. It becomes slow, stops answering or ends; "
        "programs then see a silent or closed API port.",
        "app-memory-low api-silent app-not-running",
        r"outofmemoryerror:?\s*(?:java\s+heap|gc\s+overhead|metaspace|direct\s+buffer)|java\.lang\.outofmemoryerror\W*\Z",
    ),
    symptom(
        "killed",
        "The process was ended by force",
        "Code 137 means that the system or the container engine killed it: usually the memory of the container or the "
        "computer was used up, or `docker stop` waited in vain. Programs find the API port closed.",
        "app-not-running app-memory-low",
        r"\bexit(?:ed)?\s+(?:with\s+)?(?:code|status)\D{0,4}137\b|\boom-?kill|out\s+of\s+memory:\s+killed\s+process",
        steps=(
            "Run `docker inspect` on the container: “OOMKilled” tells whether it was the memory.",
            "If it was, raise the memory limit of the container.",
        ),
    ),
    symptom(
        "computer-memory",
        "The computer or container has no memory or processes left for TWS",
        "Not TWS’s own limit: the system, or the limit of the container, refused Java more memory or another thread. "
        "TWS or IB Gateway does not start, or ends.",
        "app-not-running",
        r"insufficient\s+memory\s+for\s+the\s+java\s+runtime|os::commit_memory|unable\s+to\s+create\s+(?:new\s+)?native\s+thread",
        r"could\s+not\s+reserve\s+enough\s+space\s+for\s+.{0,20}object\s+heap",
        steps=(
            "Raise the memory and process limits of the container, or close other programs.",
            "Or lower the memory of TWS or IB Gateway: **Memory Allocation**, or JAVA_HEAP_SIZE of the container.",
        ),
    ),
    symptom(
        "ibc-settled",
        "IBC found a setting as it should be",
        "Harmless: IBC compares a setting of TWS or IB Gateway with its own configuration and leaves it, or says that "
        "a part of itself is not in use.",
        "",
        r"ibc:\s.{0,60}\bis\s+already\s+(?:set\s+to|selected)|commandserver\s+is\s+not\s+started",
        good=True,
    ),
    symptom(
        "ibc-no-program",
        "IBC does not find TWS or IB Gateway",
        "The version named in IBC’s start script is not installed where IBC looks for it.",
        "app-not-installed app-not-running",
        r"(?:tws|gateway)\s+version\s+\S+\s+is\s+not\s+installed|can'?t\s+find\s+jars\s+folder",
        steps=("Set TWS_MAJOR_VRSN and TWS_PATH in IBC’s start script to what is installed, the offline version.",),
    ),
    symptom(
        "logged-in",
        "The log-in is complete",
        "IB accepted the log-in. The API port opens within the next seconds.",
        "",
        r"\blogin\s+has\s+completed|switching\s+to\s+a\s+new\s+encrypted\s+log|duration\s+since\s+login",
        r"onauthenticationcompleted\b.{0,60}authenticated=true",
        good=True,
    ),
    symptom(
        "log-in-under-way",
        "The log-in is under way",
        "TWS or IB Gateway is logging in, or waits at its log-in screen. There is no API port before the log-in is "
        "done.",
        "login-pending app-starting",
        r"\blogin\s+attempt\W{0,3}\d|loginattempt=|runloginwithui|ns_auth_start",
        r"if\s+login\s+has\s+not\s+completed|re-?login\s+(?:to\s+\S+\s+)?after\s+\w+",
        r"instance\s+of\s+control\s+is\s+not\s+created\s+yet|###\s*startlogin\b|authtimeoutmonitor\S*:\s*activate",
        r"entitled\W*(?:(?:new\s+)?login|ibkr\s+(?:login|gateway)|ib\s+gateway|interactive\s+brokers\s+gateway)\s*;",
        r"attempt\s+\d+:\s*(?:authenticating|connecting)|splash\W.{0,20}(?:authenticating|connecting)",
    ),
    symptom(
        "restarting",
        "TWS or IB Gateway is restarting",
        "A new process begins, usually by the daily automatic restart. The API port is back within a few minutes, "
        "without a log-in.",
        "scheduled-outage restart-stuck app-starting",
        r"running\s+in\s+auto-?restart\s+mode|\brestart\s+in\s+progress",
        r"autorestart\s+file\s+found|shutdown\s+progress",
    ),
    symptom(
        "started",
        "IB Gateway starts",
        "launcher.log has this line whenever a process of IB Gateway begins, by hand or by its own restart. The API "
        "port opens after the log-in.",
        "app-starting",
        r"ib\s+gateway\s+restart\b",
        r"\bstarted\s+on\s+\d{8}-\d\d:\d\d:\d\d\b",
    ),
)
"""In the order they are tried."""
