"""Phone and mail: who is told besides the desktop, set up service by service. No address goes back to the browser."""

import asyncio
import re
import secrets
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Any

from agent.config.keys_notices import TARGETS
from agent.config.kinds import ValueRefused
from agent.config.services import SERVICES, service_of
from agent.config.services.ntfy import new_topic, subscribe_links
from agent.config.services.other import OTHER_SERVICE
from agent.config.services.service import FieldsRefused, Service, ServiceField
from agent.config.text import duration_text, parse_duration, toml_value
from agent.core.as_json import as_json
from agent.core.settings import KEY_STORE, TargetSettings, in_key_store
from agent.core.shown.targets import SendOutcome, targets_of
from agent.errors import ConfigError
from agent.page.backend import Answer, Backend, Endpoint, Refused, text_field
from agent.page.endpoints.settings_told import in_the_file, in_words, refusal_sentence
from agent.page.qr_code import qr_code

_TRY_SECONDS = 30.0
_MANNERS = ("name", "minimum_severity", "quiet_hours", "after")
_STORED = "In the key store"


async def read_targets(backend: Backend, _: Mapping[str, Any]) -> Answer:
    """The targets of the file, the services that can be set up, and what can be chosen for each."""
    settings, fault = await asyncio.to_thread(in_the_file, backend)
    targets = targets_of(settings.notifications)
    severity, after = (_key(name) for name in ("minimum_severity", "after"))
    answer: Answer = {
        "targets": [_target(one, own=one in settings.notifications.targets) for one in targets],
        "services": [_service(one) for one in SERVICES],
        "severities": [_choice(v, w) for v, w in zip(severity.kind.choices, severity.words, strict=True)],
        "labels": {key.name: {"label": key.label, "help": key.help} for key in TARGETS.keys},
        "delays": list(_delays(after.durations, targets)),
    }
    if find_spec("apprise") is None:
        answer["missing"] = backend.targets.install
    if fault is not None:
        answer["fault"] = fault
    return answer


def _key(name: str) -> Any:
    key = TARGETS.key(name)
    assert key is not None
    return key


def _choice(value: str, words: str) -> Answer:
    return {"value": value, "words": words}


def _delays(offered: Iterable[str], targets: Iterable[TargetSettings]) -> Iterable[Answer]:
    used = {duration_text(one.after) for one in targets}
    for text in sorted({*offered, *used}, key=parse_duration):
        yield _choice(text, in_words(text) if parse_duration(text) else "(at once, seen or not)")


def _target(target: TargetSettings, *, own: bool) -> Answer:
    """A target without its address: of that, only the service is told.

    `own`: it has manners of its own, and is not one of the addresses in `notifications.remote`.
    """
    stored = in_key_store(target.url)
    service = OTHER_SERVICE if stored else service_of(target.url)
    scheme = target.url.partition("://")[0]
    title = _STORED if stored else f"{service.title} ({scheme})" if service is OTHER_SERVICE else service.title
    return {
        "name": target.name,
        "own": own,
        "kind": service.kind,
        "service": title,
        "minimum_severity": target.minimum_severity.value,
        "quiet_hours": [_key("quiet_hours").kind.write((one,))[2:-2] for one in target.quiet_hours],
        "after": duration_text(target.after),
    }


def _service(service: Service) -> Answer:
    told = {"kind": service.kind, "title": service.title, "suggested": service.suggested, "about": service.about}
    return {**told, "steps": list(service.steps), "fields": [_field(one) for one in service.fields]}


def _field(field: ServiceField) -> Answer:
    told: Answer = {"name": field.name, "label": field.label, "help": field.help, "example": field.example}
    told |= {"usual": field.usual, "needed": field.needed, "secret": field.secret}
    if field.choices:
        told["choices"] = [_choice(value, words) for value, words in field.choices]
    return told


async def make_topic(_: Backend, __: Mapping[str, Any]) -> Answer:
    """A topic of ntfy that cannot be guessed."""
    return {"topic": new_topic()}


async def may_begin(_: Backend, __: Mapping[str, Any]) -> Answer:
    """Nothing: the page asks for it before the user types, since only a page that was opened just now may go on."""
    return {"done": True}


async def subscribe(_: Backend, asked: Mapping[str, Any]) -> Answer:
    """How to subscribe to a topic of ntfy: links, and a QR code where the library for it is installed."""
    try:
        links = subscribe_links({name: text_field(asked, name, 500) for name in ("topic", "server")})
    except FieldsRefused as refused:
        raise Refused(str(refused), 422, fields=refused.sentences) from None
    code = await asyncio.to_thread(qr_code, links.app)
    answer: Answer = as_json(links)
    return answer | ({"code": as_json(code)} if code is not None else {})


def _address(asked: Mapping[str, Any]) -> str:
    """The address of the fields in a request."""
    kind, typed = text_field(asked, "service"), asked.get("fields")
    service = next((one for one in SERVICES if one.kind == kind), None)
    if service is None or not isinstance(typed, dict) or not all(isinstance(one, str) for one in typed.values()):
        raise Refused("“service” must be one of those offered, and “fields” texts by name.")
    try:
        return service.address(typed)
    except FieldsRefused as refused:
        raise Refused(str(refused), 422, fields=refused.sentences) from None


async def try_typed(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Send a test to what was just typed; nothing of it is kept."""
    return await _tried(backend, _address(asked))


async def try_saved(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Send a test to a target of the file."""
    target = await asyncio.to_thread(_named, backend, text_field(asked, "name"))
    return await _tried(backend, target.url)


async def _tried(backend: Backend, address: str) -> Answer:
    tried = await backend.targets.try_address(address)
    match tried.outcome:
        case SendOutcome.TAKEN:
            told: Answer = {"said": "The service took the test: look whether it has arrived.", "answer": tried.said}
        case SendOutcome.UNUSABLE:
            told = {"said": f"The test could not be sent: {tried.said}."}
        case SendOutcome.LATE:
            told = {"said": f"The service did not take the test: {tried.said}."}
        case _:
            told = {"said": "The service did not take the test.", "answer": tried.said}
    return {"taken": tried.taken, **told}


def _named(backend: Backend, name: str) -> TargetSettings:
    for target in targets_of(in_the_file(backend)[0].notifications):
        if target.name.casefold() == name.strip().casefold():
            return target
    raise Refused(f"There is no “{name}” any more.", 409)


async def save(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Write a target into the file, or change one; an address that was not typed stays."""
    before, manners = text_field(asked, "before"), _manners(asked)
    if asked.get("fields") is None and not before:
        raise Refused("A new target needs the fields of its service.")
    url = _address(asked) if asked.get("fields") is not None else None
    old = await asyncio.to_thread(_before, backend, before, str(manners["name"]))
    stored = ""
    if url is not None and asked.get("key_store") is True:
        stored = url = await _kept(backend, str(manners["name"]), url)
    try:
        await asyncio.to_thread(_write, backend, old, {**manners, **({} if url is None else {"url": url})})
    except ConfigError as error:
        if stored:
            await backend.targets.forget(stored)
        raise Refused(str(error), 422) from None
    if url is not None and old is not None and in_key_store(old.url):
        await backend.targets.forget(old.url)
    backend.config_changed()
    return {"done": True}


def _manners(asked: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """The values besides the address, judged; raises `Refused` with a sentence for each that cannot be used."""
    values: dict[str, str | list[str]] = {}
    wrong: dict[str, str] = {}
    for name in _MANNERS:
        value = asked.get(name)
        try:
            _key(name).kind.read(value)
        except ValueRefused as refused:
            wrong[name] = refusal_sentence(_key(name), value, refused)
        else:
            values[name] = value  # type: ignore[assignment]  # read takes texts and lists of texts only
    if wrong:
        raise Refused(" ".join(wrong.values()), 422, fields=wrong)
    return values


def _before(backend: Backend, before: str, name: str) -> TargetSettings | None:
    """The target that is changed; None for a new one. Raises `Refused` where another one has the name."""
    names = [one.name.casefold() for one in in_the_file(backend)[0].notifications.targets]
    if name.strip().casefold() in names and name.strip().casefold() != before.strip().casefold():
        taken = f"There is a “{name.strip()}” already: choose another name."
        raise Refused(taken, 422, fields={"name": taken})
    return _named(backend, before) if before else None


def _write(backend: Backend, old: TargetSettings | None, values: Mapping[str, str | list[str]]) -> None:
    # tomlkit takes a tenth of a second to import, and only this needs it.
    from agent.config.editing import add_entry, change_all

    wanted = {**values, "name": str(values["name"]).strip()}
    if old is None:
        add_entry(backend.config, TARGETS, {k: v for k, v in wanted.items() if _differs(k, v, TARGETS.default(k))})
        return
    changed = [key for key, value in wanted.items() if _differs(key, value, getattr(old, key))]
    # The name comes last: until then the entry is found by its old one.
    changed.sort(key=lambda key: key == "name")
    where = f'{TARGETS.name}."{old.name}"'
    change_all(backend.config, [(f"{where}.{key}", toml_value(wanted[key])) for key in changed], making=False)


def _differs(name: str, value: str | list[str], held: Any) -> bool:
    """Whether a value that was sent is another one than what is held."""
    return bool(_key(name).kind.read(value) != held)


async def _kept(backend: Backend, name: str, address: str) -> str:
    """Keep an address in the key store; returns its name there, as the file has it."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:20] or "target"
    stored = f"{KEY_STORE}{plain}-{secrets.token_hex(4)}"
    reason = await backend.targets.keep(stored, address)
    if reason is not None:
        raise Refused(reason, 409)
    return stored


async def remove_target(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Take a target out of the file, and its address out of the key store."""
    name = text_field(asked, "name")
    try:
        address = await asyncio.to_thread(_remove, backend, name)
    except ConfigError as error:
        raise Refused(str(error), 422) from None
    if in_key_store(address):
        await backend.targets.forget(address)
    backend.config_changed()
    return {"done": True}


def _remove(backend: Backend, name: str) -> str:
    from agent.config.removing import remove_entry

    address = _named(backend, name).url
    remove_entry(backend.config, TARGETS, name)
    return address


async def tell_key_store(backend: Backend, _: Mapping[str, Any]) -> Answer:
    """What the key store of the system is called, where there is one."""
    store = await backend.targets.key_store()
    return {} if store is None else {"key_store": store}


def _types_an_address(asked: Mapping[str, Any]) -> bool:
    return asked.get("fields") is not None


ENDPOINTS = (
    Endpoint("GET", "targets", read_targets),
    Endpoint("GET", "targets/topic", make_topic),
    Endpoint("GET", "targets/key-store", tell_key_store, seconds=_TRY_SECONDS),
    Endpoint("POST", "targets/begin", may_begin, guarded=lambda _: True),
    Endpoint("POST", "targets/subscribe", subscribe),
    Endpoint("POST", "targets/try", try_typed, seconds=_TRY_SECONDS, guarded=lambda _: True),
    Endpoint("POST", "targets/test", try_saved, seconds=_TRY_SECONDS),
    Endpoint("POST", "targets/save", save, seconds=_TRY_SECONDS, guarded=_types_an_address),
    Endpoint("POST", "targets/remove", remove_target, seconds=_TRY_SECONDS),
)
