"""The table's cells."""



from core.study.metrics import COLUMNS
from core.study.table import DASH, Figure, cell


def test_cells() -> None:
    by_name = {column.name: column for column in COLUMNS}
    assert cell(by_name["level_db"], Figure(-1.26, 0.0, (-2.0, 0.04), 5)) == "-1.3 [-2.0, +0.0]"
    assert cell(by_name["level_db"], Figure(-0.001, 0.0, None, 5)) == "+0.0"
    assert cell(by_name["voiced"], Figure(0.5, 0.5, (0.5, 0.5), 5)) == "0.50"
    assert cell(by_name["voiced"], Figure(float("nan"), 0.0, None, 0)) == cell(by_name["voiced"], None) == DASH
