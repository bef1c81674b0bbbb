"""Whether the text of a notice 321 is about Read-Only API, in any language of the application.

Notice 321 says that a request did not pass validation. The English text is "The API interface is currently in Read-Only
mode.", after an obfuscated class name that changes with every build. Translations are not documented. They are
recognised by the usual words for "read-only" in their languages, or by the English label, which may be untranslated.
"""

import re

READ_ONLY_WORDS: dict[str, tuple[str, ...]] = {
    "English": ("read only", "readonly"),
    "German": ("schreibgeschützt", "nur lesen", "nur lese", "lesemodus", "lesezugriff", "leserecht"),
    "French": ("lecture seule", "lecture seulement"),
    "Italian": ("sola lettura", "solo lettura"),
    "Spanish": ("solo lectura", "sólo lectura", "solo de lectura", "sólo de lectura"),
    "Portuguese": ("somente leitura", "somente para leitura", "apenas leitura", "só leitura", "só de leitura"),
    "Dutch": ("alleen lezen", "leesmodus"),
    "Polish": ("tylko do odczytu",),
    "Hungarian": ("csak olvasható", "írásvédett"),
    "Russian": ("только чтение", "только для чтения", "только на чтение"),
    "Hebrew": ("קריאה בלבד",),
    "Arabic": ("للقراءة فقط",),
    "Chinese, simplified": ("只读", "唯读"),
    "Chinese, traditional": ("唯讀", "只讀"),
    "Japanese": ("読み取り専用", "読取専用", "読取り専用", "閲覧専用", "リードオンリー"),
    "Korean": ("읽기 전용",),
}
"""Words for "read-only" by language, in lower case, with spaces for hyphens."""

_BETWEEN_WORDS = re.compile(r"[\s\u00a0_\-\u2010-\u2015]+")


def says_read_only(text: str) -> bool:
    """Whether a text of the application says that something is read-only."""
    plain = _BETWEEN_WORDS.sub(" ", text.lower())
    return any(word in plain for words in READ_ONLY_WORDS.values() for word in words)
