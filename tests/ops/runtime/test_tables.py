"""Tables on a terminal: words and numbers are never broken, whatever the width; a pipe gets one line per row."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table

from ops.runtime.tables import show_table

PROSE = "Fixed tower: radar, mast, power and link"


def printed(table: Table, width: int, *, terminal: bool = True, typed_again: bool = False) -> list[str]:
    screen = Console(file=io.StringIO(), width=width, force_terminal=terminal, no_color=True, color_system=None)
    show_table(screen, table, typed_again=typed_again)
    return screen.file.getvalue().splitlines()  # type: ignore[attr-defined]


def equipment(*rows: tuple[str, str, str]) -> Table:
    table = Table("item", "description")
    table.add_column("price", justify="right")
    for row in rows or (("ift_radar", PROSE, "1,560,000"), ("foot_patrol", "Two people", "0")):
        table.add_row(*row)
    return table


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            80,
            [
                "item         description                                   price",
                f"ift_radar    {PROSE}  1,560,000",
                "foot_patrol  Two people                                        0",
            ],
        ),
        (
            44,
            [
                "item         description               price",
                "ift_radar    Fixed tower: radar,   1,560,000",
                "             mast, power and link",
                "foot_patrol  Two people                    0",
            ],
        ),
        (
            32,
            [
                "item: ift_radar",
                "description: Fixed tower: radar,",
                "  mast, power and link",
                "price: 1,560,000",
                "",
                "item: foot_patrol",
                "description: Two people",
                "price: 0",
            ],
        ),
    ],
)
def test_a_table_is_wrapped_between_words_and_becomes_a_list_where_it_does_not_fit(width, lines):
    assert printed(equipment(), width) == lines


def test_in_a_pipe_every_row_is_one_line_unless_a_width_is_stated(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    table = equipment(("audit", "request\nrecords\n\npurpose", "1"))
    assert printed(table, 20, terminal=False) == [
        "item   description                price",
        "audit  request; records; purpose      1",
    ]
    monkeypatch.setenv("COLUMNS", "30")
    assert printed(table, 30, terminal=False) == [
        "item   description  price",
        "audit  request          1",
        "       records",
        "       purpose",
    ]


WORD = st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=1, max_size=30)
CELL = st.lists(WORD, max_size=12).map(" ".join)


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=4), st.integers(20, 120))
def test_no_word_is_broken_or_lost(rows, width):
    shown = " ".join(printed(equipment(*rows), width, typed_again=True)).split()
    for word in " ".join(cell for row in rows for cell in row).split():
        assert word in shown


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=4), st.integers(20, 120))
def test_no_line_is_wider_than_the_terminal_except_for_one_word(rows, width):
    for line in printed(equipment(*rows), width):
        assert len(line) <= width or max(map(len, line.split())) > width - len("description: ") - 1


def test_a_number_and_its_no_break_space_are_kept_together():
    table = Table("unité", "valeur")
    table.add_row("a", "mesure de 1\u202f234\u00a0km en tout")
    assert any("1\u202f234\u00a0km" in line for line in printed(table, 22))


def test_negative_numbers_have_a_minus_sign_and_names_keep_their_hyphen():
    table = Table("a", "b", "c", "d")
    table.add_row("-5", "radar-5", "2026-03-14", "(-2.5–-1 dB)")
    assert printed(table, 80)[1] == "−5  radar-5  2026-03-14  (−2.5–−1 dB)"
    assert printed(table, 80, typed_again=True)[1] == "-5  radar-5  2026-03-14  (-2.5–-1 dB)"


def test_markup_is_not_interpreted_and_control_characters_are_not_sent_to_the_terminal():
    table = Table("name")
    table.add_row("[bold]x[/bold] \x1b[31mred\x07")
    assert printed(table, 80) == ["name", "[bold]x[/bold] �[31mred�"]


def test_the_title_stands_above_and_is_never_wrapped_to_the_width_of_the_table():
    table = Table("a", title="[x] Six dead letters; the newest one is shown")
    table.add_row("1")
    assert printed(table, 80) == ["[x] Six dead letters; the newest one is shown", "a", "1"]


def test_a_path_of_more_than_40_characters_is_broken_rather_than_the_table():
    path = "/" + "a" * 59
    assert printed(equipment(("audit", path, "1")), 60) == [
        f"item   {'description':46}  price",
        f"audit  {path[:46]}      1",
        f"       {path[46:]}",
    ]
