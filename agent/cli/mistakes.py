"""What was probably meant by a word of the command line that is not known."""

from collections.abc import Iterable, Sequence


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The word that was probably meant, as a question that goes on with the sentence; empty where none is alike."""
    # Imported late, as all that only help or a mistake needs: a command must be quick.
    import difflib

    alike = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f": did you mean “{alike[0]}”?" if alike else ""


def either(known: Sequence[str]) -> str:
    """The words with commas, and “or” before the last."""
    return ", ".join(known[:-1]) + f" or {known[-1]}" if len(known) > 1 else known[0]
