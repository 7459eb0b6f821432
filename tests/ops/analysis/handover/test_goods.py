"""Goods found in the report: released ones only, each code with its title and against what it was checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.analysis.handover.document import ReportSection, document_of
from ops.analysis.handover.period import ReportPeriod
from ops.analysis.handover.report import period_report
from ops.incidents.goods_codes.check import GoodsCodeFile
from ops.incidents.tracing import Tracing
from ops.words import MessageCatalogue
from tests.ops.analysis.handover.night import Night, source_of, worked_night
from tests.ops.incidents.making import at

FOUND = Tracing("arms", hs_code="930190", eccn="EAR99", item_marking="AK <b>4711</b>", released=True)


def section(night: Night, language: str, codes: str = "") -> ReportSection | None:
    source = source_of(night, codes=GoodsCodeFile.named(codes).codes())
    report = period_report(source, ReportPeriod(at(0), at(28_800)), now=at(4000))
    document = document_of(report, MessageCatalogue.of(language), made_by="Ana")
    return next((one for one in document.sections if one.key == "goods"), None)


@pytest.mark.parametrize(
    ("language", "goods", "codes", "note"),
    [
        ("en", "arms or ammunition", "HS code 930190: Other military weapons\nECCN EAR99", "Without a full list, some"),
        ("fr", "armes ou munitions", "Code SH 930190\u00a0: Autres armes de guerre\nECCN EAR99", "Certains codes"),
    ],
)
def test_released_goods_are_a_section_with_titles(
    tmp_path: Path, language: str, goods: str, codes: str, note: str
) -> None:
    night, made = worked_night(tmp_path)
    night.act(made["closed"], "trace", 3100, tracing=FOUND)
    found = section(night, language)
    night.store.close()
    assert found is not None
    assert found.rows[0][1:4] == (goods, codes, "AK <b>4711</b>")
    assert found.sentences[0].startswith(note)


def test_titles_are_those_of_a_full_list_which_the_report_states(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("code,title,valid_from,valid_to\n930190,War weapons,,\n")
    night, made = worked_night(tmp_path)
    night.act(made["closed"], "trace", 3100, tracing=Tracing("arms", hs_code="930190", released=True))
    found = section(night, "en", str(tmp_path / "codes.csv"))
    night.store.close()
    assert found is not None
    assert (found.rows[0][2], found.sentences) == (
        "HS code 930190: War weapons", ("The codes were checked against the full list.",),
    )  # fmt: skip


def test_without_released_goods_there_is_no_section(tmp_path: Path) -> None:
    night, made = worked_night(tmp_path)
    assert section(night, "en") is None
    night.act(made["closed"], "trace", 3100, tracing=Tracing("arms", hs_code="930190", released=False))
    assert section(night, "en") is None
    night.store.close()
