"""Texts that many rows of a page share, so that each stands there once."""


class Texts(dict[str, int]):
    """Texts in the order in which they were first asked for; gives the position of each."""

    def __missing__(self, text: str) -> int:
        self[text] = len(self)
        return self[text]
