"""A guide: what a problem means, and the numbered steps that put it right, per application."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from agent.core.told_steps import EITHER, OR, THEN, ToldStep, only_real_ways, told_step
from agent.tws.applications import ApplicationKind


class GuideError(ValueError):
    """A guide's text does not have the shape of a guide."""


@dataclass(frozen=True, slots=True)
class Guide:
    """One guide, parsed. Texts keep their `{placeholders}` until `steps_for` fills them."""

    code: str
    title: str
    meaning: str
    """What it means, in Markdown paragraphs."""
    steps: Mapping[ApplicationKind, tuple[str, ...]]
    """Steps per application, as `told_steps` reads them; the same for both where the guide has one list."""
    more: str = ""
    """"Good to know": background, in Markdown."""
    cases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """"When …": the steps of one case of the problem, where it is known which one it is; the same for both."""
    cases_of: str = ""
    """"Cases of …": the code of the guide whose cases are this one's as well."""
    general: tuple[tuple[str, str], ...] = ()
    """"In general": pieces of its text with placeholders, and what is said instead where there is no case at hand."""
    only_when: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By step: the cases it belongs to, where it does not belong to every one."""

    def steps_for(self, kind: ApplicationKind, args: Mapping[str, str], case: str = "") -> tuple[str, ...]:
        """The steps for one application, placeholders filled; for an unknown one the list of each, one after the other.

        A `case` that has steps of its own has these alone; of the others, the steps of other cases are left out.
        """
        fitting = {
            which: only_real_ways(s for s in steps if not case or case in self.only_when.get(s, (case,)))
            for which, steps in self.steps.items()
        }
        steps = self.cases.get(case) or fitting.get(kind) or _for_both(fitting)
        return tuple(_filled(step, args) for step in steps)

    def in_general(self, application: ApplicationKind, shared: Iterable[tuple[str, str]]) -> "Guide":
        """The guide as it is told without a case at hand: no placeholder is left.

        `shared` says what is said instead of pieces that many guides have; the guide's own words go first. Steps of one
        application name that one.
        """
        pieces = (*_longest_first(self.general), *_longest_first(shared))
        same = self.steps[ApplicationKind.TWS] == self.steps[ApplicationKind.GATEWAY]

        def told(text: str, kind: ApplicationKind) -> str:
            for piece, words in pieces:
                text = _say_instead(text, piece, words)
            return fill(text, {"app": kind.title})

        return replace(
            self,
            title=told(self.title, application),
            meaning=told(self.meaning, application),
            more=told(self.more, application),
            steps={
                kind: tuple(told(step, application if same else kind) for step in steps)
                for kind, steps in self.steps.items()
            },
            cases={},
            only_when={},
            general=(),
        )


def _for_both(by_kind: Mapping[ApplicationKind, tuple[str, ...]]) -> tuple[str, ...]:
    """The steps where the application is not known: one list if it is the same for both, else one after the other."""
    tws, gateway = by_kind[ApplicationKind.TWS], by_kind[ApplicationKind.GATEWAY]
    if tws == gateway:
        return tws
    return tuple(replace(told_step(step), application=kind).told for kind in _ORDER for step in by_kind[kind])


_ORDER = (ApplicationKind.TWS, ApplicationKind.GATEWAY)


def _filled(step: str, args: Mapping[str, str]) -> str:
    told = told_step(step)
    # A colon in a value must not end the heading.
    in_heading = {name: value.replace(": ", " ") for name, value in args.items()}
    return replace(told, way=fill(told.way, in_heading), text=fill(told.text, args)).told


def _say_instead(text: str, piece: str, words: str) -> str:
    """A text with words in the place of a piece, wherever its lines break."""
    anywhere = re.compile(r"\s+".join(map(re.escape, piece.split())))
    return anywhere.sub(lambda _: words, text)


def _longest_first(pieces: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(pieces, key=lambda piece: -len(piece[0]))


_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def fill(text: str, args: Mapping[str, str]) -> str:
    """Fill `{name}` placeholders; one without a value stays readable as "…"."""
    return _PLACEHOLDER.sub(lambda m: args.get(m[1], "…"), text)


def placeholders(text: str) -> frozenset[str]:
    """The placeholder names a text uses."""
    return frozenset(_PLACEHOLDER.findall(text))


_GENERAL = re.compile(r"^- (.*\{[a-z_]+\}.*?) → (.+)$")
_STEP = re.compile(r"^\d+\.\s+(.*)$")
_MARK = re.compile(r"^\[([a-z, ]+)\]\s+")
_HEADINGS = {
    "Steps": (ApplicationKind.TWS, ApplicationKind.GATEWAY),
    "Steps in TWS": (ApplicationKind.TWS,),
    "Steps in IB Gateway": (ApplicationKind.GATEWAY,),
}


_CASE, _CASES_OF, _WAY = "When ", "Cases of ", "### "


def parse_guide(code: str, text: str) -> Guide:
    """Read a guide's Markdown.

    Shape: `# Title`, paragraphs of meaning, then `## Steps`, or `## Steps in TWS` and `## Steps in IB Gateway`,
    each a numbered list, then optionally `## When <case>`, each a numbered list, or `## Cases of <code>`, then
    `## Good to know`, and `## In general`: lines like `- at {since} → some time ago`, a piece of the guide's text and
    what is said instead where there is no case. A step like `1. [tunnel, relay] Start it again.` belongs to these
    cases only. Within a list, steps stand below `### Either …` and one or more `### Or …` where a user goes one of
    several ways, and below `### Then` what follows all of them; each is numbered from 1, and a heading like
    `### [free] Or keep the port` marks each of its steps. Raises GuideError on anything else.
    """
    title, meaning, more = "", [], []
    steps: dict[ApplicationKind, list[str]] = {}
    general: list[tuple[str, str]] = []
    cases: dict[str, list[str]] = {}
    section = cases_of = way = ""
    for line in text.splitlines():
        if line.startswith("# ") and not title:
            title = line[2:].strip()
        elif line.startswith("## "):
            section, way = line[3:].strip(), ""
            if section.startswith(_CASES_OF):
                cases_of = section.removeprefix(_CASES_OF)
            elif section.startswith(_CASE):
                cases[section.removeprefix(_CASE)] = []
            elif section not in _HEADINGS and section not in ("Good to know", "In general"):
                raise GuideError(f"{code}: unknown heading {section!r}")
        elif line.startswith(_WAY) and (section in _HEADINGS or section.startswith(_CASE)):
            way = _way(code, line.removeprefix(_WAY).strip())
        elif section in _HEADINGS:
            _add_step(code, line, way, [steps.setdefault(kind, []) for kind in _HEADINGS[section]])
        elif section.startswith(_CASE):
            _add_step(code, line, way, [cases[section.removeprefix(_CASE)]])
        elif section == "In general":
            _add_general(code, line, general)
        elif section:
            more.append(line)
        else:
            meaning.append(line)
    if not title or not "".join(meaning).strip() or set(steps) != {ApplicationKind.TWS, ApplicationKind.GATEWAY}:
        raise GuideError(f"{code}: a guide needs a title, a meaning and steps for both applications")
    _check_ways(code, (*steps.values(), *cases.values()))
    marked = ((step, _MARK.match(step)) for found in steps.values() for step in found)
    only_when = {_MARK.sub("", step): frozenset(mark[1].split(", ")) for step, mark in marked if mark}
    return Guide(
        code=code,
        title=title,
        meaning="\n".join(meaning).strip(),
        steps={kind: tuple(_MARK.sub("", line) for line in lines) for kind, lines in steps.items()},
        more="\n".join(more).strip(),
        cases={case: tuple(lines) for case, lines in cases.items()},
        cases_of=cases_of,
        general=tuple(general),
        only_when=only_when,
    )


def _add_general(code: str, line: str, general: list[tuple[str, str]]) -> None:
    if not line.strip():
        return
    found = _GENERAL.match(line)
    if not found:
        raise GuideError(f"{code}: not a piece of text with a placeholder, an arrow and words: {line!r}")
    general.append((found[1], found[2].strip()))


def _add_step(code: str, line: str, way: str, lists: list[list[str]]) -> None:
    if not line.strip():
        return
    found = _STEP.match(line)
    for steps in lists:
        if found:
            steps.append(_below(way, found[1].strip()))
        elif steps and line.startswith("   "):
            steps[-1] += " " + line.strip()
        else:
            raise GuideError(f"{code}: not a numbered step: {line!r}")


def _below(way: str, step: str) -> str:
    """A step below its heading, with the mark of the one or the other in front."""
    mark = _MARK.match(step) or _MARK.match(way)
    told = ToldStep(ApplicationKind.UNKNOWN, _MARK.sub("", way), _MARK.sub("", step)).told
    return mark[0] + told if mark else told


def _way(code: str, heading: str) -> str:
    if not told_step(f"{_MARK.sub('', heading)}: .").way:
        raise GuideError(f"{code}: a heading in a list begins with “Either”, “Or” or is “Then”: {heading!r}")
    return heading


def _check_ways(code: str, lists: Iterable[Iterable[str]]) -> None:
    """Raise GuideError where headings of ways are not one Either, then Ors, then perhaps a Then."""
    for steps in lists:
        headings = list(dict.fromkeys(told_step(_MARK.sub("", step)).way for step in steps))
        ways = [way for way in headings if way and way != THEN]
        order = [way for way in headings if way]
        right = not ways or (
            len(ways) > 1 and ways[0].startswith(EITHER) and all(way.startswith(OR) for way in ways[1:])
        )
        if not right or (THEN in order and (not ways or order[-1] != THEN)) or "" in headings[1:]:
            raise GuideError(f"{code}: not one “Either …”, then “Or …”, then perhaps “Then”: {order}")
