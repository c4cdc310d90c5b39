"""Reports in the form of other systems, written where their programs look for them; all are views of the ledger.

One module a system says what each file holds; `files.py` brings it to disk. What the ledger says comes in as changes,
the same at run time as after a restart, so the same files come out.
"""

from collections.abc import Callable, Mapping

from filebridge.reports.base import Reporter, SystemReports
from filebridge.reports.cats import Reports as CatsReports
from filebridge.reports.goldminer import Reports as GoldminerReports
from filebridge.reports.hundsun import Reports as HundsunReports
from filebridge.reports.xuntou import Reports as XuntouReports

# Format -> what makes its reports; a system without reports of its own has none.
REPORTS: Mapping[str, Callable[[Reporter], SystemReports]] = {
    "goldminer": GoldminerReports,
    "xuntou": XuntouReports,
    "hundsun": HundsunReports,
    "cats": CatsReports,
}

__all__ = ["REPORTS", "Reporter", "SystemReports"]
