"""The planted truths by code, as tests and readers want them."""

from data.territory import COUNTY, Territory
from data.truths import Truths, months


def planted(
    territory: Territory, truths: Truths, visit_counts: dict[str, object], issues: dict[str, object]
) -> dict[str, object]:
    """What is true of the sample, in plain values.

    ``unvisited_villages`` and ``under_villages`` are complete for every month; excluded villages are in neither.

    :param issues: see `data.issue_truths`
    """
    village, grid = (frame["code"].tolist() for frame in (territory.villages, territory.grids))
    codes = {"village": village, "grid": grid}
    odd = territory.oddities
    by_month = [(str(month), number) for number, month in enumerate(months())]
    return {
        "county": COUNTY,
        "months": [month for month, _ in by_month],
        "unvisited_villages": {
            month: [village[row] for row in truths.unvisited[:, number].nonzero()[0]] for month, number in by_month
        },
        "under_villages": {
            month: [village[row] for row in truths.under[:, number].nonzero()[0]] for month, number in by_month
        },
        "never_visited": [village[truths.never_visited]],
        "unassigned": {
            "town": [],
            "village": [village[truths.unassigned_village]],
            "grid": sorted(grid[row] for row in truths.unassigned_grids),
        },
        "excluded": [
            {"code": codes[one.level][one.row], "level": one.level, "reason": one.reason, "by": one.by, "on": one.on}
            for one in truths.excluded
        ],
        "hole_point": dict(zip(("lon", "lat"), odd.hole_lon_lat, strict=True)),
        "enclave": {"village": odd.enclave, "inside": odd.around_enclave},
        "multipart": odd.multipart,
        "functional_zone": {
            "village": odd.functional_zone,
            "coded_under": odd.zone_coded_under,
            "parent": odd.zone_run_by,
        },
        "rare_name": odd.rare_name,
        "visits": visit_counts,
        "issues": issues,
    }
