"""The table's cells."""



from core.study.metrics import COLUMNS
from core.study.table import DASH, HEARD, Figure, RowResult, cell, table_markdown


def test_cells() -> None:
    by_name = {column.name: column for column in COLUMNS}
    assert cell(by_name["level_db"], Figure(-1.26, 0.0, (-2.0, 0.04), 5)) == "-1.3 [-2.0, +0.0]"
    assert cell(by_name["level_db"], Figure(-0.001, 0.0, None, 5)) == "+0.0"
    assert cell(by_name["voiced"], Figure(0.5, 0.5, (0.5, 0.5), 5)) == "0.50"
    assert cell(by_name["voiced"], Figure(float("nan"), 0.0, None, 0)) == cell(by_name["voiced"], None) == DASH


def test_notes_have_a_table_of_their_own() -> None:
    """Breaks when the columns of notes make the first table wider still, or a column is in none or in both."""
    row = RowResult("true", "a|b", {}, [], {"note_f1": Figure(0.5, 0.5, None, 1), "ks": Figure(0.25, 0.25, None, 2)})
    described = {"summary": "", "cases": 2, "continuations": 2, "clips": 1, "left_out": []}
    first, second = table_markdown([row], described).split(HEARD)
    headers = [next(line for line in part.splitlines() if line.startswith("| 2 cases")) for part in (first, second)]
    titles = [[text.strip() for text in header.split("|")[2:-1]] for header in headers]
    assert titles[0] + titles[1] == [column.title for column in COLUMNS]
    assert "F1" in titles[1] and "| 0.50 (1) |" in second and r"| a\|b" in second
    assert "KS D" in titles[0] and "0.250" in first
