"""Codes of goods against lists: the shipped structure, an operator's full list, days of validity, and the nearest code.

Oracles: headings of the Harmonized System 2022 (9301 to 9307, 8806, 2844, 3603), of 2007 (9301.11), the hundreds of
Annex I of Regulation (EU) 2021/821 and the reasons of 15 CFR 738.2(d)(1)(iii), as examples that exist and neighbours
that do not.
"""

from __future__ import annotations

import os
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BadInput
from ops.incidents.goods_codes.check import CodeFinding, GoodsCodeFile, GoodsCodes, findings_of
from ops.incidents.goods_codes.code_list import CodeField, read_code_file, shipped_headings, shipped_structure
from ops.incidents.tracing import LAST_CHAPTER, RESERVED_CHAPTER, WrongTracing, hs_subheading

TODAY, OLD = date(2026, 3, 20), date(2011, 12, 31)
SHIPPED = GoodsCodes()
FULL = """code,title,valid_from,valid_to,list,title_fr
93,Arms,,,,Armes
930190,Other military weapons,,,,Autres armes de guerre
93.02.00,Revolvers and pistols,2020-01-01,2025-12-31,,
930200,Handguns,2026-01-01,,,
9303201000,Shotguns (national code),,,,
6A003,Cameras,,,eu_list,
6A003.b.4,Imaging cameras,,,eu_list,
1C350,Precursors,,,eu_list,
0A501,Firearms,,,eccn,
"""


def full(folder: Path, text: str = FULL) -> GoodsCodes:
    path = folder / "codes.csv"
    path.write_text(text, encoding="utf-8")
    return GoodsCodes(read_code_file(path))


def seen(one: CodeFinding) -> tuple[str, str, str]:
    return one.fault, one.depth, one.nearest


@pytest.mark.parametrize(
    ("of", "text", "day", "expected"),
    [
        ("hs_code", "9301.90", TODAY, ("", "subheading", "")),
        ("hs_code", "930800", TODAY, ("unknown", "heading", "930700")),  # chapter 93 ends with 9307
        ("hs_code", "930195", TODAY, ("unknown", "subheading", "930190")),
        ("hs_code", "930111", TODAY, ("not_valid", "subheading", "930110")),  # until HS 2007
        ("hs_code", "930111", OLD, ("", "subheading", "")),
        ("hs_code", "880622", TODAY, ("", "subheading", "")),
        ("hs_code", "880622", OLD, ("not_valid", "heading", "8805")),  # drones have a heading since HS 2022
        ("hs_code", "360300", TODAY, ("not_valid", "subheading", "360310")),
        ("hs_code", "281290", TODAY, ("", "heading", "")),  # its subheadings are not all shipped
        ("hs_code", "010121", TODAY, ("", "chapter", "")),
        ("hs_code", "770100", TODAY, ("form", "none", "")),
        ("eu_list", "6a003.B.4", TODAY, ("", "category", "")),
        ("eu_list", "6A903", TODAY, ("unknown", "category", "6A503")),  # hundreds of Annex I are 0 to 5
        ("eccn", "0A978", TODAY, ("", "category", "")),  # anti-terrorism
        ("eccn", "0A478", TODAY, ("unknown", "category", "0A378")),
        ("eccn", "ear99", TODAY, ("", "none", "")),
    ],
)
def test_the_shipped_structure(of: CodeField, text: str, day: date, expected: tuple[str, str, str]) -> None:
    assert seen(SHIPPED.find(of, text, day)) == expected


def test_titles_run_from_general_to_special_in_both_languages() -> None:
    found = SHIPPED.find("hs_code", "930190", TODAY)
    assert [one.title("en") for one in found.titles] == [
        "Arms and ammunition", "Military weapons", "Other military weapons",
    ]  # fmt: skip
    assert found.titles[-1].title("fr") == "Autres armes de guerre"
    assert found.titles[-1].title("el") == "Other military weapons", "a language without titles"
    parts = [one.title("en") for one in SHIPPED.find("eu_list", "1C350.1", TODAY).titles]
    assert parts == ["Special materials and related equipment", "Materials", "Australia Group"]
    assert [one.title("en") for one in SHIPPED.find("eccn", "0A604", TODAY).titles][1:] == [
        "End items, equipment, parts and components", "Military items (600 series)",
    ]  # fmt: skip


def test_the_title_of_a_number_without_a_list_is_that_of_all_its_parts(tmp_path: Path) -> None:
    found = SHIPPED.find("eccn", "0A501.a", TODAY)
    assert found.title("en") == (
        "Nuclear and miscellaneous items · End items, equipment, parts and components"
        " · National security or foreign policy, by determination"
    )
    assert found.in_languages["fr"].startswith("Biens nucléaires et biens divers · ")
    assert full(tmp_path).find("eccn", "0A501.a", TODAY).title("en") == "Firearms"
    assert SHIPPED.find("eccn", "EAR99", TODAY).in_languages == {}


def test_the_shipped_list_holds_every_chapter_and_no_heading_without_its_chapter() -> None:
    rows = shipped_headings().rows
    chapters = {f"{number:02d}" for number in range(1, LAST_CHAPTER + 1) if number != RESERVED_CHAPTER}
    assert {code for code in rows if len(code) == 2} == chapters
    for code, each in rows.items():
        assert len(code) == 2 or code[:-2] in rows, code
        assert all(one.title("en") and one.title("fr") for one in each), code
        assert len(code) != 4 or not each[0].complete or any(len(o) == 6 and o[:4] == code for o in rows), code
    for of in ("eccn", "eu_list"):
        structure = shipped_structure(of)  # type: ignore[arg-type]
        assert (sorted(structure.categories), sorted(structure.groups)) == (list("0123456789"), list("ABCDE"))
    assert sorted(shipped_structure("eu_list").hundreds) == list("012345")
    assert sorted(shipped_structure("eccn").hundreds) == list("0123569")


@given(st.integers(0, 999_999), st.sampled_from([TODAY, OLD]))
def test_the_structure_refuses_no_code_outside_the_chapters_and_headings_that_it_has_whole(
    number: int, day: date
) -> None:
    text = f"{number:06d}"
    found = SHIPPED.find("hs_code", text, day)
    try:
        hs_subheading(text)
    except WrongTracing:
        assert found.fault == "form"
        return
    rows = shipped_headings()
    whole = [rows.on(text[:length], day) for length in (2, 4)]
    if found.fault:
        known = text in rows.rows or text[:4] in rows.rows
        assert known or any(one is not None and one.complete for one in whole)
        assert rows.on(found.nearest, day) is not None, "the nearest code is valid on the day"
    elif whole[0] is not None and not whole[0].complete and whole[1] is None:
        assert found.depth == "chapter"


def test_a_full_list_is_checked_to_the_day(tmp_path: Path) -> None:
    codes = full(tmp_path)
    find = codes.find
    assert seen(find("hs_code", "930190", TODAY)) == ("", "list", "")
    assert seen(find("hs_code", "930290", TODAY)) == ("unknown", "list", "930200")
    assert find("hs_code", "930200", date(2025, 12, 31)).titles[-1].title("en") == "Revolvers and pistols"
    assert find("hs_code", "930200", date(2026, 1, 1)).titles[-1].title("en") == "Handguns"
    assert find("hs_code", "930200", date(2019, 12, 31)).fault == "not_valid"
    assert find("hs_code", "930320", TODAY).fault == "", "a national code begins with it"
    assert find("hs_code", "930190", TODAY).titles[0].title("fr") == "Armes"
    assert seen(find("hs_code", "010121", TODAY))[:2] == ("unknown", "list"), "what the shipped structure would accept"
    assert [codes.has_full_list(of) for of in ("hs_code", "eccn", "eu_list")] == [True] * 3


@pytest.mark.parametrize(
    ("of", "text", "expected"),
    [
        ("eu_list", "6A003.b.4", ("", "list", "")),
        ("eu_list", "6A003.b", ("", "list", "")),  # a paragraph below it is listed
        ("eu_list", "6A003.c", ("unknown", "list", "6A003.b.4")),  # the entry has paragraphs, and this is none
        ("eu_list", "1C350.1", ("", "list", "")),  # the list ends at the entry
        ("eu_list", "6A004", ("unknown", "list", "6A003")),
        ("eccn", "0A501.a", ("", "list", "")),
        ("eccn", "6A003", ("unknown", "list", "0A501")),  # the list of the United States is another
        ("eccn", "EAR99", ("", "none", "")),
    ],
)
def test_a_full_list_of_controlled_goods(
    tmp_path: Path, of: CodeField, text: str, expected: tuple[str, str, str]
) -> None:
    assert seen(full(tmp_path).find(of, text, TODAY)) == expected


def test_a_file_of_titles_alone_is_no_full_list(tmp_path: Path) -> None:
    codes = full(tmp_path, "code,title,valid_from,valid_to\n93,Weapons,,\n9301,War weapons,,\n")
    found = codes.find("hs_code", "930190", TODAY)
    assert (seen(found), [one.title("en") for one in found.titles]) == (
        ("", "subheading", ""), ["Weapons", "War weapons", "Other military weapons"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("code,title\n930190,x\n", "columns code, title"),
        ("code,title,valid_from,valid_to,note\n", "columns"),
        ("code,title,valid_from,valid_to\n", "no rows"),
        ("code,title,valid_from,valid_to\n93019,x,,\n", "row 2: code '93019'"),
        ("code,title,valid_from,valid_to\n930190,,,\n", "row 2: title"),
        ("code,title,valid_from,valid_to\n930190,a\u202eb,,\n", "row 2: title"),
        ("code,title,valid_from,valid_to\n930190,x,soon,\n", "row 2: valid_from"),
        ("code,title,valid_from,valid_to\n930190,x,2026-01-02,2026-01-01\n", "row 2: valid_to"),
        ("code,title,valid_from,valid_to\n930190,x\n", "row 2: another number of cells"),
        ("code,title,valid_from,valid_to\n6A003,x,,\n", "row 2: list"),
        ("code,title,valid_from,valid_to,list\n6F003,x,,,eccn\n", "row 2: code '6F003'"),
        ("code,title,valid_from,valid_to,list\nEAR99,x,,,eccn\n", "row 2: code 'EAR99'"),
        ("code,title,valid_from,valid_to,list\n930190,x,,,tariff\n", "row 2: list 'tariff'"),
        ("code,title,valid_from,valid_to\n930190,x,,2026-01-01\n930190,y,2026-01-01,\n", "row 3: 930190 is listed"),
        ('code,title,valid_from,valid_to\n930190,"x,,\n', "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_row_and_reason(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "codes.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read_code_file(tmp_path / "codes.csv")
    assert words in str(refused.value)
    assert str(tmp_path) not in str(refused.value)


def test_a_file_is_read_again_when_it_changes_and_a_broken_one_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    own = GoodsCodeFile.named(str(path))
    assert own.codes().find("hs_code", "930190", TODAY).depth == "subheading"
    assert own.checked() is not None
    for number, (text, usable) in enumerate([(FULL, True), ("rubbish", False), (FULL, True)]):
        path.write_text(text)
        os.utime(path, ns=(number * 10**9, number * 10**9))
        assert (own.checked() is None) == usable
        assert own.codes().find("hs_code", "930190", TODAY).depth == "list", "the last usable list stays in use"
    assert GoodsCodeFile.named("").checked() is None


def test_a_paragraph_that_has_ended_is_not_covered_by_the_one_above(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(
        "list,code,title,valid_from,valid_to\neccn,6A003,Cameras,,\neccn,6A003.b,Imaging,,2020-12-31\n"
        "eccn,6A004,Optics,,\neccn,6A004.a.1,Mirrors,,2020-12-31\n"
    )
    codes = GoodsCodes(read_code_file(path))
    for code in ("6A003.b", "6A003.b.4", "6A004.a.1"):
        faults = [codes.find("eccn", code, date(year, 6, 1)).fault for year in (2020, 2021)]
        assert faults == ["", "not_valid"], code
    assert codes.find("eccn", "6A003", date(2021, 6, 1)).fault == ""


@given(st.dictionaries(st.sampled_from(["6A003", "6A003.b", "6A003.b.4", "6A004"]), st.none(), min_size=1))
def test_no_code_is_refused_by_a_list_that_holds_it(rows: dict[str, None]) -> None:
    from ops.incidents.goods_codes.code_list import CodeList, ListedCode

    codes = GoodsCodes({"eu_list": CodeList.of(ListedCode(code, {"en": code}) for code in rows)})
    for code, of in product(rows, ("eu_list",)):
        assert codes.find(of, code, TODAY).fault == ""  # type: ignore[arg-type]


def test_the_codes_of_a_published_incident_are_those_of_the_day_of_its_opening() -> None:
    body = {"opened_at": "2011-12-31T23:59:00+00:00", "tracing": {"hs_code": "930111", "eccn": "", "eu_list": "6A003"}}
    assert [(one.field, one.fault) for one in findings_of(body, SHIPPED)] == [("hs_code", ""), ("eu_list", "")]
    assert findings_of({"opened_at": "2011-12-31T23:59:00Z"}, SHIPPED) == []
