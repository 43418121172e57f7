"""
What can be wrong with a deck, a mapping or a cell.
"""


class DeckError(Exception):
    """
    A file that cannot be read as a deck at all; the message says what it is, or what is wrong with it.
    """


class MappingError(DeckError):
    """
    A mapping that is no mapping; the caller corrects it, whatever the file.
    """


class CellError(ValueError):
    """
    A cell that does not say what its column should; the message is the reason a reader of the report sees.
    """
