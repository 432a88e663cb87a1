"""The tables of the people of each quintile and sex, from inputs, slots and what is delivered.

What is the same in all of them, and in both of a sex, is worked out once: a run of few people is soon over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hisim.declare.scenario import Scenario
from hisim.model.delivered import Delivered, World
from hisim.model.mechanisms import exposure_shift, smoking_cessation, treatment
from hisim.model.random import slot_block
from hisim.model.slot_plan import Slot
from hisim.model.tables import DRINKER_GRAMS, FLAGS, CohortTables, Float32, Float64
from hisim.variables import AGES, CAUSES, CONDITIONS, EXPOSURES, HISTORIES, QUINTILES, SEXES

RISK_OF_CONDITION = slice(len(EXPOSURES), None)
"""Where ``log_rr`` holds conditions: the order of ``variables.RISKS``, which :func:`variables.check` holds."""
Tables = Mapping[str, Any]
"""Some of the fields of :class:`CohortTables`, by name."""


def cells(
    world: World,
    arrays: Mapping[str, np.ndarray],
    slots: Sequence[Slot],
    log_hr: Sequence[Float64],
    matters: tuple[np.ndarray, np.ndarray],
    delivered: Delivered,
    scenarios: Sequence[Scenario],
) -> tuple[tuple[CohortTables, ...], ...]:
    """Tables by [quintile][sex].

    Parameters
    ----------
    arrays
        Inputs by name.
    log_hr
        Of each slot in full effect: (quintile, sex, age, cause).
    matters
        Where any slot of the library acts (quintile, sex, age, cause), and which flags are wanted (flag,).
    """
    every = _of_everyone(world, arrays, slots, matters[1], delivered, scenarios)
    by_sex = [_of_sex(world, arrays, slots, s) for s in range(len(SEXES))]
    effects = np.stack(log_hr, axis=3) if slots else np.zeros((*matters[0].shape[:3], 0, len(CAUSES)))
    return tuple(
        tuple(
            CohortTables(
                **{
                    **every,
                    **by_sex[s],
                    **_people(arrays, q, s),
                    **_served(delivered, every, q, s),
                    "rate": np.ascontiguousarray(arrays["mortality_rate"][:, q, s], dtype=np.float64),
                    "slot_log_hr": single(effects[q, s]),
                    "active": by_sex[s]["active"] | matters[0][q, s],
                    "shift": single(_shifts(slots, q)),
                    "stratum_odds": single(world.order.odds[q, s]),
                    "sorts": (world.order.odds[q, s] != world.order.odds[q, s, :, :1]).any(axis=-1),
                }
            )
            for s in range(len(SEXES))
        )
        for q in range(len(QUINTILES))
    )


def single(values: np.ndarray) -> Float32:
    """The values in single precision, without gaps."""
    return np.ascontiguousarray(values, dtype=np.float32)


def _of_everyone(
    world: World,
    arrays: Mapping[str, np.ndarray],
    slots: Sequence[Slot],
    wanted: np.ndarray,
    delivered: Delivered,
    scenarios: Sequence[Scenario],
) -> Tables:
    lags = max([treatment.lags_of(slot.item.lag_years.value) for slot in slots], default=1)
    steps = [treatment.effect_steps(slot.item.lag_years.value, lags) for slot in slots]
    remaining, relapse = smoking_cessation.slots(world.inputs)
    return {
        "start_year": int(world.inputs.variables["year"].values[0]),
        "observed": True,
        "smoking_group": arrays["smoking_group_of_cause"].astype(np.int64),
        "remaining_excess": remaining,
        "relapse": relapse,
        "wanted": wanted,
        "counted": delivered.counted,
        "used": delivered.used,
        "slot_flag": np.array([FLAGS.index(slot.flag) for slot in slots], np.int64),
        "slot_register": np.array([slot.register for slot in slots], np.int64),
        "slot_block": np.array([slot_block(slot.name) for slot in slots], np.int64),
        "effect_step": single(np.array(steps).reshape(-1, lags)),
        "correlation": scenarios[0].simulation.uptake_correlation if scenarios else 0.0,
        "quit_years_cumulative": single(np.cumsum(arrays["years_since_quit_share"], axis=1)),
        "exposure_floor": single(arrays["risk_reference"][: len(EXPOSURES)]),
        "percentile_mixing": single(np.linalg.cholesky(arrays["exposure_correlation"])),
    }


def _of_sex(world: World, arrays: Mapping[str, np.ndarray], slots: Sequence[Slot], s: int) -> Tables:
    """Hazard ratios of one sex, ``active`` but for slots, and who is in scope."""
    relative = np.log(world.strata.hazard_ratio[s]).transpose(0, 2, 1)
    log_rr = arrays["log_rr"][:, s].swapaxes(0, 1)
    excess = arrays["smoking_rr"][s] - 1.0
    scope = np.array([slot.scope[s] > 0 for slot in slots], bool).reshape(-1, len(AGES))
    return {
        "exposure_log_hr": single(log_rr[:, : len(EXPOSURES)]),
        "condition_log_hr": single(log_rr[:, RISK_OF_CONDITION]),
        "smoking_excess": single(excess),
        "active": np.ascontiguousarray((log_rr != 0).any(axis=1) | (excess != 0) | (relative != 0).any(axis=1)),
        "in_scope": np.ascontiguousarray(scope.T),
        "drinker_grams": np.array(DRINKER_GRAMS[SEXES[s]], np.float32),
        "stratum_log_hr": single(relative),
    }


def _shifts(slots: Sequence[Slot], q: int) -> Float64:
    return np.array([exposure_shift.shifts(slot.item.effects, q) for slot in slots]).reshape(-1, len(EXPOSURES))


def _people(arrays: Mapping[str, np.ndarray], q: int, s: int) -> Tables:
    """What people of one cell are like before any service: smoking, exposures and conditions."""

    def cell(name: str) -> np.ndarray:
        return np.asarray(arrays[name][q, s])

    def several(*names: str) -> Float32:
        return single(np.stack([cell(name) for name in names], axis=1))

    return {
        "smoking_current": single(cell("smoking_current")),
        "smoking_ever": single(cell("smoking_current") + cell("smoking_former")),
        "exposure_mean": several(*(f"{name}_mean" for name in EXPOSURES[:3]), "alcohol_log_mean"),
        "exposure_sd": several(*(f"{name}_sd" for name in EXPOSURES[:3]), "alcohol_log_sd"),
        "drinkers": single(cell("alcohol_drinkers")),
        "prevalence": several(*(f"{name}_prevalence" for name in CONDITIONS[len(HISTORIES) :])),
    }


def _served(delivered: Delivered, every: Tables, q: int, s: int) -> Tables:
    """Who of one cell is served, and when that differs among scenarios."""
    known, coverage = (single(array[:, :, q, s].swapaxes(2, 3)) for array in (delivered.known, delivered.coverage))
    quit = single(delivered.quits[:, :, q, s])
    differs = _differs(known, coverage, every["slot_register"], every["effect_step"], delivered.used)
    return {
        "known": known,
        "coverage": coverage,
        "quit": quit,
        "differs": differs,
        "changes": differs.any(axis=-1) | (known != known[0]).any(axis=(2, 4)) | (quit != quit[0]).any(axis=-1),
        "present": np.ascontiguousarray((coverage[0, 0] > 0).any(axis=-1).T),
        "apart": _apart(known, coverage, every["slot_register"]),
    }


def _apart(known: Float32, coverage: Float32, register: np.ndarray) -> np.ndarray:
    """(slot,) whether any stratum has another threshold, for the slot or for the register it needs."""
    if coverage.shape[-1] == 1 or not register.size:
        return np.zeros(register.size, bool)
    told = (known != known[..., :1]).any(axis=(0, 1, 3, 4))
    served = (coverage != coverage[..., :1]).any(axis=(0, 1, 3, 4))
    return np.asarray(served | np.where(register >= 0, told[register], False))


def _differs(
    known: Float32, coverage: Float32, register: np.ndarray, steps: np.ndarray, used: np.ndarray
) -> np.ndarray:
    """(scenario, year, age, slot) whether coverage in the year, or in one whose effect still grows, is another.

    It may be in slots that are ``used``, or where more or fewer are on the register.
    """
    told = known != known[0, 0]
    out = np.zeros((*coverage.shape[:2], coverage.shape[3], coverage.shape[2]), bool)
    found = told.any(axis=(0, 1, 3, 4))
    for t in np.flatnonzero(used | np.where(register >= 0, found[register], False)):
        mine, d = coverage[:, :, t], register[t]
        other = mine != mine[0, 0]
        if d >= 0:
            other |= told[:, :, d] & (mine > 0)
        now = other.any(axis=-1)
        whole = now.copy()
        for lag in np.flatnonzero(steps[t, : now.shape[1]]):
            whole[:, lag:] |= now[:, : now.shape[1] - lag]
        out[..., t] = whole
    return out
