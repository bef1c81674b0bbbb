"""Explains some words: a problem's code, the number of a notice, or a pasted line of log.

The explanation comes from the catalogue of notices, the symptoms and the guides. No machine is looked at:
`seen_now` adds what a running agent sees.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.core.guide import Guide
from agent.core.told_steps import plain, text_lines
from agent.guides import in_general
from agent.tws.applications import ApplicationKind
from agent.tws.farms import FarmStatus
from agent.tws.log_lines import FoundNotice, find_notices, find_told
from agent.tws.notices import (
    IbCode,
    NoticeClass,
    NoticeKind,
    farm_of,
    farms_of_restored,
    is_noise_while_link_down,
    new_port,
    read_notice,
)
from agent.tws.printable import printable
from agent.tws.privacy import redact
from agent.tws.symptoms import Symptom, symptom_of


@dataclass(frozen=True, slots=True)
class StepList:
    """Numbered steps for one application; UNKNOWN: for both."""

    application: ApplicationKind
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """One problem that can be behind the words."""

    code: str
    title: str
    meaning: str
    """Markdown; empty where there is no guide."""
    steps: tuple[StepList, ...]
    more: str = ""
    """Background, Markdown."""


@dataclass(frozen=True, slots=True)
class ShownNow:
    """A problem that the agent shows at this moment and that can be behind the words."""

    connection: str
    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The meaning of some words."""

    subject: str
    """What was recognised, like "Notice 1100" or "Problem api-silent"; empty for a symptom."""
    title: str
    meaning: str
    """Markdown."""
    steps: tuple[str, ...] = ()
    """Steps besides those of the causes."""
    causes: tuple[Cause, ...] = ()
    """Likeliest first."""
    good_news: bool = False
    also: tuple[str, ...] = ()
    """The other notices in the words, one line each."""
    seen_now: tuple[str, ...] = ()
    """What the running agent sees of it, a sentence each."""
    shown_now: tuple[ShownNow, ...] = ()
    fits: str = ""
    """The code of the cause that the agent sees; empty where it sees none, or several."""


LONGEST_EXPLAINED = 50_000
"""Characters that are read; of a longer text the end is read, because the trouble is there."""


def explain(words: str, guides: Mapping[str, Guide]) -> Explanation | None:
    """The meaning of a problem's code, a notice number or a pasted line of log; None where nothing is recognised."""
    words = printable(words[-LONGEST_EXPLAINED:])
    if (code := re.sub(r"[\s_-]+", "-", words.strip().lower()).strip("-.?!:")) in guides:
        return _of_problem(guides[code])
    notices = _by_weight(find_notices(words) or find_told(words))
    symptom = symptom_of(words)
    if notices and (not _harmless(notices[0]) or symptom is None or symptom.good_news):
        return _of_notice(notices, guides)
    if symptom is not None:
        return _of_symptom(symptom, notices, guides)
    return _of_problem(named) if (named := _named_in(words, guides)) else None


def _of_problem(guide: Guide) -> Explanation:
    cause = _cause(guide.code, {guide.code: guide})
    return Explanation(f"Problem {guide.code}", cause.title, "", causes=(cause,))


def _of_symptom(symptom: Symptom, notices: list[FoundNotice], guides: Mapping[str, Guide]) -> Explanation:
    return Explanation(
        subject="",
        title=symptom.title,
        meaning=symptom.meaning,
        steps=symptom.steps,
        causes=tuple(_cause(code, guides) for code in symptom.causes),
        good_news=symptom.good_news,
        also=_also(notices),
    )


def _of_notice(notices: list[FoundNotice], guides: Mapping[str, Guide]) -> Explanation:
    first = notices[0]
    notice = _notice(first)
    codes = [code for code in (notice.problem, *notice.others) if code]
    return Explanation(
        subject=f"Notice {notice.code}",
        title=notice.meaning,
        meaning=" ".join(_remarks(notice, first)),
        steps=(notice.what_to_do,),
        causes=tuple(_cause(code, guides) for code in codes),
        good_news=notice.kind.good_news,
        also=_also([other for other in notices if other.code != first.code]),
    )


_WHOSE = {
    NoticeClass.TRANSIENT: "It usually passes by itself.",
    NoticeClass.USER: "It is for you to put right: in TWS, IB Gateway or Client Portal, or in your program’s settings.",
    NoticeClass.CLIENT: "It concerns the program that uses the API, not TWS itself.",
    NoticeClass.INFORMATION: "It is information, not an error, whatever the program calls it.",
}


def _remarks(notice: IbCode, found: FoundNotice) -> Iterable[str]:
    rest = redact(found.rest)
    good = "This is good news, although many programs log it as an error."
    yield good if notice.kind.good_news else _WHOSE[notice.klass]
    if (farm := farm_of(notice.code, rest)) and rest.strip():
        yield f"The farm is {farm.name} ({farm.kind.title})."
    if notice.kind is NoticeKind.LINK_RESTORED:
        broken = [f.name for f in farms_of_restored(rest) if f.status is FarmStatus.BROKEN]
        if broken:
            yield f"Not connected yet: {', '.join(broken)}."
    if notice.kind is NoticeKind.PORT_CHANGED and (port := new_port(rest)):
        yield f"The new port is {port}."
    if is_noise_while_link_down(notice.code):
        yield "While TWS has no connection to IB’s servers this notice means nothing: TWS then sends it wrongly."


def _notice(found: FoundNotice) -> IbCode:
    notice = read_notice(found.code, found.line)
    assert notice is not None, "only known numbers are found"
    return notice


def _harmless(found: FoundNotice) -> bool:
    return _notice(found).klass is NoticeClass.INFORMATION


def _by_weight(found: Iterable[FoundNotice]) -> list[FoundNotice]:
    """One notice of each number: the lost link first, because it makes others meaningless, and information last."""

    def weight(one: FoundNotice) -> int:
        notice = _notice(one)
        if notice.kind is NoticeKind.LINK_LOST:
            return 0
        if notice.klass is NoticeClass.INFORMATION:
            return 3
        return 2 if notice.kind is NoticeKind.ORDER else 1

    return sorted({one.code: one for one in reversed(list(found))}.values(), key=weight)


def _also(found: Iterable[FoundNotice]) -> tuple[str, ...]:
    return tuple(f"Notice {one.code}: {_notice(one).meaning}" for one in found)


def _named_in(words: str, guides: Mapping[str, Guide]) -> Guide | None:
    lowered = words.lower()
    codes = (code for code in re.findall(r"(?<![a-z])[a-z]+(?:-[a-z]+)+", lowered) if code in guides)
    if code := next(codes, None):
        return guides[code]
    return next((g for g in guides.values() if "{" not in g.title and g.title.lower() in lowered), None)


def _cause(code: str, guides: Mapping[str, Guide]) -> Cause:
    guide = guides.get(code)
    if guide is None:
        return Cause(code, code.replace("-", " ").capitalize(), "", ())
    guide = in_general(guide)
    tws, gateway = guide.steps[ApplicationKind.TWS], guide.steps[ApplicationKind.GATEWAY]
    if tws == gateway:
        steps = [StepList(ApplicationKind.UNKNOWN, tws)]
    else:
        steps = [StepList(ApplicationKind.TWS, tws), StepList(ApplicationKind.GATEWAY, gateway)]
    return Cause(code, guide.title, guide.meaning, tuple(steps), guide.more)


# ── for the terminal ────────────────────────────────────────────────────────────────────────────


def render_explained(explanation: Explanation) -> str:
    """The explanation as plain text without a final line break; its long lines are for the terminal to fit."""
    head = f"{explanation.subject}: {explanation.title}" if explanation.subject else explanation.title
    blocks = [_flat(head), *_paragraphs(explanation.meaning)]
    if explanation.steps and not (explanation.good_news and len(explanation.steps) == 1):
        blocks.append(_headed("What to do:", explanation.steps))
    blocks += _seen_now(explanation)
    causes = explanation.causes
    if len(causes) == 1:
        blocks += _in_full(causes[0], with_title=causes[0].title != explanation.title)
    elif causes:
        listed = [f"{cause.title} ({cause.code})" for cause in causes]
        blocks.append(_headed("What can be behind it, likeliest first:", listed))
        blocks += _in_full(causes[0], with_title=True, with_more=False)
        if explanation.fits:
            blocks.append("“gatelight explain CODE” has the steps of each.")
        else:
            blocks.append(
                "“gatelight doctor” finds out which one it is; “gatelight explain CODE” has the steps of each."
            )
    if explanation.also:
        blocks.append("Also in these words:\n" + "\n".join(f"  {_flat(line)}" for line in explanation.also))
    return "\n\n".join(_plain(block) for block in blocks)


def _seen_now(explanation: Explanation) -> list[str]:
    lines = list(explanation.seen_now)
    lines += [f"{one.connection}: {one.title}. “gatelight status” has its steps." for one in explanation.shown_now]
    return ["\n".join(("What Gatelight sees now:", *(f"  {_flat(line)}" for line in lines)))] if lines else []


def _in_full(cause: Cause, *, with_title: bool, with_more: bool = True) -> list[str]:
    blocks = [cause.title] if with_title else []
    blocks += _paragraphs(cause.meaning)
    for part in cause.steps:
        where = "" if part.application is ApplicationKind.UNKNOWN else f" in {part.application.title}"
        blocks.append("\n".join((f"Steps{where}:", *(f"  {line}" for line in text_lines(map(_flat, part.steps))))))
    return blocks + (_paragraphs(cause.more) if with_more else [])


def _headed(heading: str, items: Iterable[str]) -> str:
    numbered = (f"{n:>3}. {_flat(item)}" for n, item in enumerate(items, 1))
    return "\n".join((heading, *numbered))


_LIST_ITEM = re.compile(r"(?m)^(?=(?:[-*]|\d+\.) )")


def _paragraphs(markdown: str) -> list[str]:
    blocks = []
    for paragraph in re.split(r"\n\s*\n", markdown.strip()):
        lines = map(_flat, _LIST_ITEM.split(paragraph))
        blocks.append("\n".join(line for line in lines if line))
    return [block for block in blocks if block]


_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


def _plain(markdown: str) -> str:
    return plain(_LINK.sub(r"\1 (\2)", markdown))


def _flat(markdown: str) -> str:
    return _plain(" ".join(markdown.split()))
