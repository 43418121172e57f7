"""
Lines of a table of ported numbers, a few MiB at a time: cleaned, checked, and their records numbered.
"""

import polars as pl

from ratecards.numbering.lrn import Ported
from ratecards.numbering.reading import MAX_LINE, cells, columns, delimiter_of
from ratecards.numberset.refusals import ListError, Refusals

COLUMNS = ("tn", *Ported._fields)
"""As they stand where no header says otherwise."""
MAX_TEXT = 80
"""Characters of a name or code."""
_NAMES = {
    "tn": ("tn", "number", "phone", "phonenumber", "telephone", "telephonenumber", "msisdn", "did", "e164"),
    "lrn": ("lrn", "locationroutingnumber"),
    "ocn": ("ocn", "operatingcompanynumber"),
    "lata": ("lata",),
    "city": ("city", "ratecenter", "ratecentre"),
    "state": ("state", "province"),
    "jurisdiction": ("jurisdiction",),
    "lec": ("lec", "carrier", "company", "operator"),
    "local": ("local",),
}
_BETWEEN = "\x1f"
_SEPARATORS = r"[ .()\[\]-]"
_E164 = r"^[1-9][0-9]{0,14}$"
_NORTH_AMERICAN = r"^[2-9][0-9]{9}$"


class Reader:
    """
    Attributes:
        lines: read so far.
        records: every record there was, once, in the order in which they came.
    """

    def __init__(self, refusals: Refusals) -> None:
        self.lines = 0
        self.records: list[tuple[str, ...]] = []
        self._refusals = refusals
        self._delimiter = ""
        self._places: dict[str, int] = {}
        self._known = pl.DataFrame(schema={"key": pl.String, "record": pl.UInt32})

    def read(self, block: bytes) -> pl.DataFrame:
        """
        Numbers of some whole lines, and the places of their records.

        Returns:
            ``number`` (UInt64), ``record`` (UInt32), in the order of the lines.

        Raises:
            ListError: the header names no column of numbers.
        """
        lines = self._lines(block)
        if not self._places and lines.height:
            lines = self._begin(lines)
        checked = self._checked(self._split(lines))
        for line, why in checked.filter(pl.col("why") != "").select("line", "why").iter_rows():
            self._refusals.add(line, why)
        return self._numbered(checked.filter(pl.col("why") == ""))

    def _lines(self, block: bytes) -> pl.DataFrame:
        texts = block.decode(errors="replace").removesuffix("\n").split("\n")
        frame = pl.DataFrame({"text": texts}).with_row_index("line", offset=self.lines + 1)
        self.lines += len(texts)
        text = pl.col("text").str.strip_chars("\r\n \ufeff")
        return frame.with_columns(text).filter((text != "") & ~text.str.starts_with("#"))

    def _begin(self, lines: pl.DataFrame) -> pl.DataFrame:
        """
        Read what the first line that says something tells of the others.
        """
        line, first = lines.row(0)
        self._delimiter = delimiter_of(first)
        if any(character.isdigit() for character in first):
            self._places = {name: place for place, name in enumerate(COLUMNS)}
            return lines
        self._places = columns(cells(first, self._delimiter), _NAMES)
        if "tn" not in self._places:
            raise ListError(f"line {line}: no column 'tn' in it")
        return lines.slice(1)

    def _split(self, lines: pl.DataFrame) -> pl.DataFrame:
        text = pl.col("text")
        is_long = text.str.len_chars() > MAX_LINE
        parted = lines.with_columns(is_long.alias("long"), self._parted(lines["text"]).alias("parted"))
        most = max(self._places.values(), default=0)
        return parted.with_columns(cells=pl.col("parted").str.split_exact(_BETWEEN, most)).select(
            "line", "long", *(self._cell(name) for name in COLUMNS)
        )

    def _parted(self, texts: pl.Series) -> pl.Series:
        """
        Lines with a character between their cells that is in none; those with quotes one by one.
        """
        apart = texts.str.replace_all(self._delimiter, _BETWEEN, literal=True)
        quoted = texts.str.contains('"', literal=True).arg_true()
        if not quoted.len():
            return apart
        return apart.scatter(quoted, [_BETWEEN.join(cells(text, self._delimiter)) for text in texts.gather(quoted)])

    def _cell(self, name: str) -> pl.Expr:
        place = self._places.get(name)
        if place is None:
            return pl.lit("").alias(name)
        return pl.col("cells").struct.field(f"field_{place}").fill_null("").str.strip_chars().alias(name)

    def _checked(self, frame: pl.DataFrame) -> pl.DataFrame:
        """
        Numbers as E.164 digits, and why a line is refused; empty: it is not.
        """
        frame = frame.with_columns(_digits("tn"), _digits("lrn"))
        texts = COLUMNS[2:]
        too_long = pl.any_horizontal(pl.col(name).str.len_chars() > MAX_TEXT for name in texts)
        why = (
            pl.when(pl.col("long")).then(pl.lit(f"is a line of more than {MAX_LINE:,} characters"))
            .when(~pl.col("tn").str.contains(_E164)).then(pl.lit("has no tn of 1 to 15 digits"))
            .when((pl.col("lrn") != "") & ~pl.col("lrn").str.contains(_E164)).then(pl.lit("lrn is not 1 to 15 digits"))
            .when(too_long).then(pl.lit(f"has a text of more than {MAX_TEXT} characters"))
            .otherwise(pl.lit(""))
        )  # fmt: skip
        return frame.with_columns(why=why)

    def _numbered(self, frame: pl.DataFrame) -> pl.DataFrame:
        keyed = frame.select(
            pl.col("tn").cast(pl.UInt64).alias("number"), pl.concat_str(Ported._fields, separator=_BETWEEN).alias("key")
        )
        fresh = (
            keyed.select("key")
            .unique(maintain_order=True)
            .join(self._known, on="key", how="anti", maintain_order="left")
        )
        if fresh.height:
            self.records += [tuple(key.split(_BETWEEN)) for key in fresh["key"].to_list()]
            places = pl.arange(self._known.height, self._known.height + fresh.height, dtype=pl.UInt32, eager=True)
            self._known = pl.concat([self._known, fresh.with_columns(record=places)])
        return keyed.join(self._known, on="key", how="left", maintain_order="left").select("number", "record")


def _digits(name: str) -> pl.Expr:
    """
    A number as E.164 digits; one of ten digits, as North America writes its own, with the country code before it.
    """
    bare = pl.col(name).str.replace_all(_SEPARATORS, "").str.strip_prefix("+")
    return pl.when(bare.str.contains(_NORTH_AMERICAN)).then(pl.lit("1") + bare).otherwise(bare).alias(name)
