"""The common part of the fixes that change settings of TWS or IB Gateway through its API (updateConfig)."""

import re
from dataclasses import replace
from typing import assert_never

from agent.core.evidence.api_settings import settings_of
from agent.core.evidence.processes import listener_key_at, owner_in, same_listener
from agent.core.evidence.words import app_name, minute
from agent.core.facts import Facts
from agent.core.fix import (
    ChangeSettings,
    Done,
    Failed,
    FixOutcome,
    NeedsConsent,
    Offer,
    Question,
    SettingsResult,
    Tools,
)
from agent.core.session_facts import Phase
from agent.tws.api_settings import UPDATE_CONFIG_SINCE, ConfigResponse, Configuration, Source, UpdateWarning
from agent.tws.applications import ApplicationKind
from agent.tws.outside import clean
from agent.tws.privacy import redact

_LONGEST_WARNING = 1_000
"""Characters of a warning that are shown; IBKR's warnings have some hundred at most."""
_TAG = re.compile(r"<[^<>]{0,200}>")
"""An HTML tag: warnings are written for a window that shows HTML."""

_READ_ONLY = (
    "Clear “Read-Only API” by hand first: in TWS under File (Classic: Edit) > Global Configuration... > "
    "API > Settings, in IB Gateway under Configure > Settings > API > Settings."
)


def changeable(facts: Facts) -> ConfigResponse | None:
    """The settings, if the API told them and now lets them be changed; else None."""
    session, told, known = facts.session, facts.api_settings, settings_of(facts)
    if session.phase is not Phase.CONNECTED or session.port is None or session.frozen or known is None:
        return None
    new_enough = told.server_version is not None and told.server_version >= UPDATE_CONFIG_SINCE
    writable = known.source is Source.API and known.settings.read_only_api is False
    listener_key = listener_key_at(facts.connection, facts.machine, session.port)
    return known if new_enough and writable and same_listener(listener_key, session.served_listener) else None


def offer(facts: Facts, fix: str, label: str, question: Question, changes: Configuration, by_hand: str) -> Offer | None:
    """The offer to make these changes, only in the application that told its settings."""
    session, connection = facts.session, facts.connection
    if session.port is None:
        return None
    listener_key = listener_key_at(connection, facts.machine, session.port)
    if owner_in(listener_key) is None:
        # No process is known that would tell a later application apart; the session does.
        at = f"{connection.host}, port {session.port}"
        meant = f"Meant is the application at {at}, to which Gatelight has been connected since"
        question = replace(question, remark=f"{question.remark} {meant} {minute(facts, session.since)}.")
    host = connection.dialled
    plan = ChangeSettings(host, session.port, listener_key, changes)
    return Offer(fix, connection.name, label, question, plan, by_hand)


def menu_path(facts: Facts, page: str) -> str:
    """The menu path to a page of the settings, like "open Configure > Settings > API > Precautions in IB Gateway"."""
    tws = f"File (Classic: Edit) > Global Configuration... > {page}"
    gateway = f"Configure > Settings > {page}"
    match app_name(facts):
        case ApplicationKind.TWS.title:
            return f"open {tws} in TWS"
        case ApplicationKind.GATEWAY.title:
            return f"open {gateway} in IB Gateway"
        case _:
            return f"open {gateway} in IB Gateway, or {tws} in TWS"


async def do(offer: Offer, tools: Tools) -> FixOutcome:
    """Ask for the change once; the user has to accept the application's warnings first."""
    assert isinstance(offer.plan, ChangeSettings)
    outcome = await tools.change_settings(offer.plan)
    match outcome.result:
        case SettingsResult.CHANGED:
            return Done(f"The application says that it has made the change{_after(outcome.text)}.")
        case SettingsResult.WARNINGS:
            return _with_warnings(offer, offer.plan, outcome.warnings)
        case SettingsResult.REFUSED:
            return Failed(f"Nothing was changed: the application refused it{_after(outcome.text)}.", offer.by_hand)
        case SettingsResult.READ_ONLY:
            return Failed("Nothing was changed: Read-Only API is on, and only a person can clear it.", _READ_ONLY)
        case SettingsResult.NOT_ASKED:
            return Failed(f"Nothing was changed{_after(outcome.text)}.", offer.by_hand)
        case SettingsResult.UNKNOWN:
            return Failed(
                f"It is not known whether anything was changed{_after(outcome.text)}. Look at the settings first.",
                offer.by_hand,
            )
        case unknown:
            assert_never(unknown)


def _with_warnings(offer: Offer, plan: ChangeSettings, warnings: tuple[UpdateWarning, ...]) -> FixOutcome:
    new = tuple(w for w in warnings if w not in plan.accepted)
    if not new:
        return Failed("Nothing was changed: the application wants the same warnings accepted again.", offer.by_hand)
    quoted = tuple(f"Accepts the warning of the application {_quoted(w)}" for w in new)
    question = replace(offer.question, changes=(*offer.question.changes, *quoted))
    return NeedsConsent(replace(offer, question=question, plan=replace(plan, accepted=(*plan.accepted, *new))))


def _quoted(warning: UpdateWarning) -> str:
    words = [_plain(text) for text in (warning.title, warning.message) if _plain(text)]
    return f"“{': '.join(words)}”" if words else f"number {warning.message_id}, which has no text"


def _plain(text: str) -> str:
    return redact(clean(_TAG.sub(" ", text), _LONGEST_WARNING))


def _after(text: str) -> str:
    return f": {text.rstrip('.')}" if text else ""
