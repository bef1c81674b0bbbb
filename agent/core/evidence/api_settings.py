"""What is known of the API settings of one connection: told by the application, or inferred."""

from dataclasses import replace

from agent.core.evidence.notices import live
from agent.core.evidence.processes import applications, is_key_of, same_listener
from agent.core.evidence.words import app_name, at
from agent.core.facts import Facts, Known, Unknown
from agent.core.problem import Undecided
from agent.tws.api_settings import CONFIG_SINCE, ApiSettings, ConfigResponse, LockAndExit, Source
from agent.tws.api_settings_table import SettingField
from agent.tws.notices import NoticeKind, kind_of

NOT_ASKED_YET = Undecided("the API settings were not asked for yet")


def asked(facts: Facts) -> bool:
    """Whether the application that is connected now was asked for its settings, with or without an answer."""
    told = facts.api_settings
    return told.at is not None and same_listener(told.listener_key, facts.session.served_listener)


TOLD_BEFORE = Undecided("the API settings were told before this session began, and are being asked for anew")


def told_before(facts: Facts) -> bool:
    """Whether what is known of the settings is older than the session: they may have been changed in between."""
    told = facts.api_settings
    return live(facts) and told.at is not None and told.at < facts.session.since


def version_case(facts: Facts) -> tuple[str, str]:
    """Whether the application is "older" or "newer" than 10.43, from which on it tells that a setting was changed, as a
    guide's case, empty where that is not known; and the words for the older one's step.
    """
    told, app = facts.api_settings, app_name(facts)
    if asked(facts) and (isinstance(told.configuration, Known) or (told.server_version or 0) >= CONFIG_SINCE):
        return "newer", f"If {app} is older than 10.43,"
    if asked(facts) and told.server_version is not None:
        return "older", f"As {app} is older than 10.43,"
    return "", f"If {app} is older than 10.43,"


def settings_of(facts: Facts) -> ConfigResponse | None:
    """The settings of the application that is connected now, or that runs still; None where they are not known.

    A refusal that spoke of Read-Only API (321) tells that one setting, unless the application was asked since.
    """
    told = facts.api_settings
    # The next application may have other settings than the one that has ended.
    stands = live(facts) or any(is_key_of(told.listener_key, process) for process in applications(facts.machine))
    known = told.configuration.value if isinstance(told.configuration, Known) and asked(facts) and stands else None
    refused = [n for n in facts.session.notices if kind_of(n.code, n.text) is NoticeKind.READ_ONLY]
    if not live(facts) or not refused:
        return known
    if known is not None:
        answered = known.settings.read_only_api is not None and told.at is not None and told.at > refused[-1].at
        if answered:
            return known
        return replace(known, settings=replace(known.settings, read_only_api=True), source=Source.INFERRED)
    return ConfigResponse(settings=ApiSettings(read_only_api=True), source=Source.INFERRED)


def last_told(facts: Facts) -> ConfigResponse | None:
    """The settings as they were last told over this connection, whether or not there is a session now."""
    told = facts.api_settings.configuration
    return told.value if isinstance(told, Known) and told.value.source is Source.API else None


def daily_time(lock_and_exit: LockAndExit) -> str | None:
    """When the application restarts or logs off every day, like "23:45", in the time of its machine."""
    minute = lock_and_exit.minutes_after_midnight
    return None if minute is None else f"{minute // 60:02}:{minute % 60:02}"


def why_unknown(facts: Facts) -> str:
    """Why the settings are not known, in words for people."""
    told = facts.api_settings
    if not live(facts):
        return "there is no API session that could tell"
    if not asked(facts):
        return NOT_ASKED_YET.reason
    return told.configuration.reason if isinstance(told.configuration, Unknown) else "the application did not report it"


def as_told(facts: Facts) -> str:
    """How the settings were found out, like "as the API told at 14:03:22"."""
    told = facts.api_settings
    return "" if told.at is None else f"as the API told {at(facts, told.at)}"


def tick(setting: SettingField, ticked: bool) -> str:
    """A box and its state, like "“Read-Only API” is ticked"."""
    return f"{setting.named} is {'ticked' if ticked else 'not ticked'}"
