"""``hisim run`` on a cluster or in shards: one projection in units of cohorts, added up where it was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hisim.studies.cohorts import assembled, define_cohorts
from hisim.studies.gather import check_complete
from hisim.studies.store import Study
from hisim.surfaces.cli_shared import usual_folder
from hisim.surfaces.runs import read_all, write_and_describe
from hisim.surfaces.studying import Way, begun, complete, shard_done


def spread(
    files: Sequence[Path],
    out: Path | None,
    shard: str | None,
    way: Callable[[Path], Way],
    progress: Callable[[float], None] | None,
    *,
    as_json: bool,
) -> str:
    """Project the scenarios of ``files`` in units, and say what they show; of a shard, only that it is done."""
    scenarios = read_all(files)
    here = way(out or usual_folder(scenarios[0].name, shard))
    study = begun(define_cohorts(scenarios), here)
    complete(study, here, progress)
    if shard is None:
        return shown_cohorts(study, here.folder, as_json=as_json)
    return shard_done(here)


def shown_cohorts(study: Study, folder: Path, *, as_json: bool = False) -> str:
    """What a projection that was worked out in units shows; writes its results, the same as from one process."""
    check_complete(study)
    scenarios, inputs, projection = assembled(study)
    return write_and_describe(projection, inputs, scenarios, folder, as_json=as_json)
