import pytest

from agent.tws.read_only import READ_ONLY_WORDS, says_read_only


@pytest.mark.parametrize(
    "text",
    [
        "Error validating request:-'bY' : cause - The API interface is currently in Read-Only mode.",
        "the api interface is currently in READ\u2011ONLY mode",
        "read\u00a0only",
        "L'interface API est en mode lecture seule",
        "L'interfaccia API è in modalità di sola lettura",
        "La interfaz API está en modo de sólo lectura",
        "De API-interface staat in de modus Alleen-lezen",
        "API в режиме «только для чтения»",
        "API 介面目前處於唯讀模式",
    ],
)
def test_read_only_is_understood(text: str) -> None:
    assert says_read_only(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Error validating request:-'a0' : cause - The account code is required for this operation.",
        "Fehler bei der Überprüfung der Anfrage: Der Kontocode ist erforderlich",
        "Can not read the request; only numbers are allowed",
        "请输入有效价格",
    ],
)
def test_another_refusal_is_not_taken_for_it(text: str) -> None:
    assert not says_read_only(text)


def test_every_word_is_written_the_way_texts_are_compared() -> None:
    words = [word for group in READ_ONLY_WORDS.values() for word in group]

    assert len(words) == len(set(words))
    assert all(says_read_only(word.upper()) for word in words)
    assert all("-" not in word and word == word.lower() for word in words)
