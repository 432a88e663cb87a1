"""Time and memory of the main job, and of the kernel beside its plain NumPy twin.

    python benchmarks/bench.py                 # medians of 5, as in RESULTS.md
    python benchmarks/bench.py --size small --repeats 1   # a smoke run: does it still run?

Absolute times drift with the machine; read the ratios. Each subject has a process of its own, in which jobs that are
set against each other take turns; peak memory is that of the process.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from common import (
    DEMO,
    ONE_THREAD,
    PEOPLE,
    SAMPLE,
    Row,
    fresh,
    main,
    over,
    person_years,
    plan_of,
    ratio,
    scenario,
    turns,
)

if TYPE_CHECKING:
    from hisim.declare.scenario import Scenario

Figures = dict[str, float]


def of_demo(asked: Namespace) -> list[Scenario]:
    """The demonstration's scenarios at the size asked for."""
    return [scenario(name, PEOPLE[asked.size]) for name in DEMO]


def by_ethnicity(several: Sequence[Scenario]) -> list[Scenario]:
    """The same with eight ethnic groups told apart."""
    from hisim.declare.strata import Strata

    return [one.model_copy(update={"strata": Strata(by="ethnicity")}) for one in several]


def projecting(several: Sequence[Scenario], threads: int) -> Callable[[], Any]:
    """A job: project the scenarios, inputs being loaded already."""
    import hisim
    from hisim.model.inputs import inputs_of

    inputs = inputs_of(several[0])
    return lambda: hisim.project(several, inputs, threads=threads)


def kernel(asked: Namespace) -> Figures:
    """The compiled kernel alone, over a sample of cohorts."""
    from hisim.model.kernel import run_cohorts

    plan = plan_of(of_demo(asked))
    cohorts = plan.cohorts[:: SAMPLE[asked.size]]
    [times] = turns({"kernel": over(plan, run_cohorts, cohorts)}, asked.repeats, clock=ONE_THREAD).values()
    return {"kernel_ns_per_person_year": median(times) * 1e9 / person_years(plan, cohorts)}


def twin(asked: Namespace) -> Figures:
    """The plain NumPy twin, beside the kernel on the same cohorts."""
    from hisim.model import kernel, twin

    plan = plan_of(of_demo(asked))
    cohorts = plan.cohorts[:: SAMPLE[asked.size]]
    jobs = {"kernel": over(plan, kernel.run_cohorts, cohorts), "twin": over(plan, twin.run_cohorts, cohorts)}
    times = turns(jobs, asked.repeats, clock=ONE_THREAD)
    return {
        "twin_ns_per_person_year": median(times["twin"]) * 1e9 / person_years(plan, cohorts),
        "twin_over_kernel": ratio(times["twin"], times["kernel"]),
    }


def strata_kernel(asked: Namespace) -> Figures:
    """The kernel with strata over without."""
    from hisim.model.kernel import run_cohorts

    plans = {"without": plan_of(of_demo(asked)), "with": plan_of(by_ethnicity(of_demo(asked)))}
    cohorts = plans["with"].cohorts[:: SAMPLE[asked.size]]
    jobs = {name: over(plan, run_cohorts, cohorts) for name, plan in plans.items()}
    times = turns(jobs, asked.repeats, clock=ONE_THREAD)
    return {"strata_kernel_ratio": ratio(times["with"], times["without"])}


def strata_project(asked: Namespace) -> Figures:
    """The projection with strata over without."""
    several = of_demo(asked)
    jobs = {"without": projecting(several, 1), "with": projecting(by_ethnicity(several), 1)}
    times = turns(jobs, asked.repeats)
    return {"strata_project_ratio": ratio(times["with"], times["without"])}


def project(asked: Namespace) -> Figures:
    """The demonstration's projection on one thread."""
    [times] = turns({"one": projecting(of_demo(asked), 1)}, asked.repeats).values()
    return {"project_one_thread_s": median(times)}


def threads(asked: Namespace) -> Figures:
    """The same on two threads, and how much faster that is."""
    jobs = {"one": projecting(of_demo(asked), 1), "two": projecting(of_demo(asked), 2)}
    times = turns(jobs, asked.repeats)
    return {"project_two_threads_s": median(times["two"]), "two_threads_speed_up": ratio(times["one"], times["two"])}


def whole_list(asked: Namespace) -> Figures:
    """The whole list in one scenario, beside the demonstration's four."""
    whole = [scenario("whole-list", PEOPLE[asked.size])]
    times = turns({"demo": projecting(of_demo(asked), 2), "whole": projecting(whole, 2)}, asked.repeats)
    return {
        "whole_list_two_threads_s": median(times["whole"]),
        "whole_list_over_demo": ratio(times["whole"], times["demo"]),
    }


SUBJECTS: dict[str, Callable[[Namespace], Figures]] = {
    function.__name__: function
    for function in (kernel, twin, strata_kernel, strata_project, project, threads, whole_list)
}


def one(asked: Namespace) -> Row:
    """One subject, in the process at hand."""
    return SUBJECTS[asked.one](asked)


def figures(asked: Namespace) -> list[Row]:
    """A row for each figure, with the peak memory of the process that found it."""
    rows: list[Row] = []
    for subject in SUBJECTS:
        found = fresh(asked, subject)
        memory = found.pop("peak_memory_mb")
        rows += [
            {"figure": name, "value": float(f"{value:.4g}"), "subject": subject, "peak_memory_mb": memory}
            for name, value in found.items()
        ]
    return rows


if __name__ == "__main__":
    main(__doc__, figures, one)
