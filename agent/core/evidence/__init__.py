"""Questions to the facts: which process, which notice, which setting; and the words for the answers."""
