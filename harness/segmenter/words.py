"""Lists of words as they are easiest to read and to add to: one string."""


def words_of(text: str) -> frozenset[str]:
    """The words, parted by spaces."""
    return frozenset(text.split())
