"""
A list written out and read in again is the same, and each line left out is named.
"""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratecards.numberset import Answers, ListError, Policy, Refusals, Row, read_list, write_list

NOW = 1_800_000_000


def read(text: str, policy: Policy | None = None) -> tuple[list[Row], list[tuple[int, str]]]:
    refusals = Refusals()
    rows = list(read_list(io.StringIO(text), policy or Policy(), NOW, refusals))
    assert refusals.count == len(refusals.listed)
    return rows, [tuple(refusal) for refusal in refusals.listed]


def test_a_list_written_and_read_in_elsewhere_gives_the_same_answers() -> None:
    here, there, file = Answers(), Answers(), io.StringIO()
    for number in range(1, 500):
        here.take(str(number * 7), 404 if number % 3 else 200, NOW - number, NOW)
    write_list(here.entries(NOW), file)
    rows, refused = read(file.getvalue())
    for row in rows:
        there.take(row.number, row.code, row.answered_at, NOW)
    assert refused == []
    assert list(there.entries(NOW)) == list(here.entries(NOW))


def test_a_list_has_the_field_names_of_an_answer() -> None:
    answers, file = Answers(), io.StringIO()
    answers.take("441132456789", 404, 1_799_999_000, NOW)
    write_list(answers.entries(NOW), file)
    assert file.getvalue() == "number,code,datetime\n441132456789,404,1799999000\n"


@pytest.mark.parametrize(
    "text",
    [
        "number,code,datetime\n44113,404,1799999000\n",
        "\ufeffnumber,code,datetime\r\n44113,404,1799999000\r\n",
        '\ndatetime,note,number,code\n\n1799999000,"x, y",44113,404',
    ],
)
def test_columns_stand_in_any_order_among_others(text: str) -> None:
    assert read(text) == ([Row("44113", 404, 1_799_999_000)], [])


def test_each_bad_line_is_refused_and_the_others_are_taken() -> None:
    lines = [
        "number,code,datetime",
        "44113,404,1799999000",
        "044113,404,1799999000",
        "44114,486,1799999000",
        "44114,4_4,1799999000",
        "44114,404,1e9",
        "44114,404,1700000000",
        "44114,404,1800000061",
        "44114,404",
        "44114,404," + "1" * 2_000,
        "44115,200,1799999001",
    ]
    assert read("\n".join(lines)) == (
        [Row("44113", 404, 1_799_999_000), Row("44115", 200, 1_799_999_001)],
        [
            (3, "number: is not 1 to 15 digits that start with a country code"),
            (4, "code: 486 says nothing about a number"),
            (5, "code: is not a whole number"),
            (6, "datetime: is not a whole number"),
            (7, "datetime: is 1157 days old"),
            (8, "datetime: is dated 61 seconds ahead"),
            (9, "2 columns, fewer than the first line names"),
            (10, "a line of more than 1,000 characters"),
        ],
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "the list is empty"), ("\n\n", "the list is empty"), ("number,code\n", "no column 'datetime'")],
)
def test_what_is_no_list_is_an_error(text: str, why: str) -> None:
    with pytest.raises(ListError, match=why):
        read(text)


def test_a_header_that_is_too_long_is_no_header() -> None:
    """
    And nothing after it is taken for one.
    """
    with pytest.raises(ListError, match="no column"):
        read("x" * 2_000 + "\n44113,404,1799999000\n")


@given(text=st.text('0123456789," \r\n', max_size=60) | st.text(max_size=40))
def test_whatever_a_line_says_it_is_a_row_or_refused(text: str) -> None:
    """
    Nothing else is raised, and no row comes out that cannot be taken.
    """
    rows, refused = read("number,code,datetime\n" + text)
    for row in rows:
        assert Answers().take(row.number, row.code, row.answered_at, NOW)
    lines = sum(1 for line in text.split("\n") if line.strip())
    assert len(rows) + len(refused) == lines
