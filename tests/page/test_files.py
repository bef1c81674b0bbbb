"""The files of the page: all there, all in the table, nothing from elsewhere, and small."""

import re
from base64 import b64encode
from hashlib import sha256
from importlib import resources

import pytest

from agent.page.files import (
    LOADING_AGAIN,
    MODULES,
    MORE_STYLE_SHEETS,
    STRANGER,
    STRANGER_POLICY,
    STYLE_SHEET,
    find_file,
    opened,
    policy,
)

STATIC = resources.files("agent.page") / "static"
LARGEST = 300_000
"""Bytes of everything a first view loads."""
ALL = ("/", "/icon.svg", f"/{STYLE_SHEET}", *(f"/{name}" for name in MODULES))


def text_of(path: str) -> str:
    found = find_file(path)
    assert found is not None
    return found.body.decode()


def test_every_file_is_in_the_table_and_the_table_has_no_other() -> None:
    names = {f.name for f in STATIC.iterdir()}

    assert names == {"index.html", "icon.svg", LOADING_AGAIN, STYLE_SHEET, *MORE_STYLE_SHEETS, *MODULES}


def test_a_first_view_is_small() -> None:
    assert sum(len(text_of(path).encode()) for path in ALL) < LARGEST


@pytest.mark.parametrize("path", ALL)
def test_nothing_is_loaded_from_elsewhere_and_nothing_is_inline_but_what_loads_the_page_again(path: str) -> None:
    text = text_of(path).replace(f"<script>{(STATIC / LOADING_AGAIN).read_text()}</script>", "")
    loaded = re.findall(r"""(?:src|href)=["']([^"'#]+)|url\(([^)]+)\)|import .*from ["']([^"']+)""", text)
    places = {part for found in loaded for part in found if part}

    assert {p for p in places if not p.startswith("/")} == set()
    assert not re.search(r"""<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=["']""", text)
    assert "innerHTML" not in text
    assert "eval(" not in text


def test_the_one_script_in_the_page_is_allowed_by_its_digest_and_no_other_is() -> None:
    (inline,) = re.findall(r"<script>(.*?)</script>", text_of("/"), re.DOTALL)
    digest = b64encode(sha256(inline.encode()).digest()).decode()

    assert inline == (STATIC / LOADING_AGAIN).read_text()
    assert f"script-src 'self' 'sha256-{digest}';" in policy()
    assert "unsafe" not in policy()


def test_every_module_that_is_imported_is_there() -> None:
    for name in MODULES:
        for wanted in re.findall(r"""(?:from |import\()"(/[^"]+)\"""", text_of(f"/{name}")):
            assert find_file(wanted) is not None, f"{name} imports {wanted}"


def with_imports(name: str, found: set[str]) -> set[str]:
    """A module and all that the browser has to load before it can run."""
    if name not in found:
        found.add(name)
        for wanted in re.findall(r"""from "/([^"]+)\"""", text_of(f"/{name}")):
            with_imports(wanted, found)
    return found


def test_the_page_preloads_what_its_first_view_needs_and_nothing_else() -> None:
    preloaded = set(re.findall(r'modulepreload" href="/([^"]+)', text_of("/")))

    assert preloaded == with_imports("app.js", set()) - {"app.js"}
    assert "view_now.js" in preloaded
    assert "view_settings.js" not in preloaded


def test_the_key_has_one_place_and_is_in_no_page_but_the_opened_one() -> None:
    page = opened("key.secret", 'x"><script>').body.decode()

    assert page.count("key.secret") == 1
    assert page.count("<script") == text_of("/").count("<script")
    assert "{{" not in page + text_of("/")
    assert 'name="gatelight-key" content="" data-view=""' in text_of("/")


def test_the_style_sheet_knows_dark_forced_colours_paper_and_calm() -> None:
    style = text_of(f"/{STYLE_SHEET}")

    for feature in ("prefers-color-scheme: dark", "forced-colors: active", "@media print", "prefers-reduced-motion"):
        assert feature in style
    assert ".drawing" in style


def test_who_has_no_session_is_told_how_to_open_the_page_and_nothing_else() -> None:
    assert b"<script" not in STRANGER
    assert b"href" not in STRANGER
    assert "script-src" not in STRANGER_POLICY
    assert "unsafe" not in STRANGER_POLICY
