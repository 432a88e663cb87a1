"""Blood pressure, cholesterol, body mass index, and who has diabetes, heart disease or stroke."""

from __future__ import annotations

import numpy as np

from hisim.inputs.catalogue import find_entry
from hisim.inputs.life_table import Tables
from hisim.inputs.tables import grid
from hisim.variables import AGES

ADULT_AGE = 16
OPEN_BAND_WIDTH = 10
"""Years an open age group of a survey is taken to span when its middle is needed."""
YOUNGEST_HISTORY = 30
"""Below this age nobody has a history of heart disease or stroke."""


def middle(band: str) -> float:
    """Middle age of a band such as "15-19" (17.5) or "85+" (90)."""
    if band.endswith("+"):
        return float(band[:-1]) + OPEN_BAND_WIDTH / 2
    first, last = band.split("-")
    return (int(first) + int(last) + 1) / 2


def over_ages(points: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values at ``points`` (last axis) joined by straight lines over ages 0..100, held beyond the ends.

    A single year of age is represented by its middle, age + 0.5.
    """
    flat = values.reshape(-1, values.shape[-1])
    lines = [np.interp(np.asarray(AGES) + 0.5, points, row) for row in flat]
    return np.reshape(lines, (*values.shape[:-1], len(AGES)))


def continuous(tables: Tables, name: str, column: str) -> np.ndarray:
    """A survey's mean or standard deviation by sex and age group as (sex, age 0..100), same unit."""
    bands = find_entry(name).keys["age_band"]
    return over_ages(np.array([middle(str(band)) for band in bands]), grid(name, tables[name], column))


def offsets(tables: Tables) -> np.ndarray:
    """What a quintile adds to the all-quintile mean, (exposure sbp [mmHg] or bmi [kg/m2], sex, quintile)."""
    return grid("exposure_offsets", tables["exposure_offsets"], "offset")


def observed_sbp(tables: Tables) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of usual systolic pressure with treatment as it was [mmHg], (quintile, sex, age)."""
    mean = continuous(tables, "blood_pressure_usual", "mean") + offsets(tables)[0].T[:, :, None]
    sd = continuous(tables, "blood_pressure_usual", "sd")
    return mean, np.broadcast_to(sd, mean.shape).copy()


def bmi(tables: Tables) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of body mass index [kg/m2], (quintile, sex, age)."""
    mean = continuous(tables, "body_mass_index", "mean") + offsets(tables)[1].T[:, :, None]
    sd = continuous(tables, "body_mass_index", "sd")
    return mean, np.broadcast_to(sd, mean.shape).copy()


def cholesterol(tables: Tables) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of total cholesterol, statins as they were [mmol/L], (quintile, sex, age).

    The survey's mean by age and sex, plus each quintile's difference from the mean of the five in the
    regression by quintile.
    """
    by_quintile = grid("cholesterol_by_quintile", tables["cholesterol_by_quintile"], "mean")
    bands = find_entry("cholesterol_by_quintile").keys["age_band"]
    difference = (by_quintile - by_quintile.mean(axis=-1, keepdims=True)).transpose(2, 0, 1)
    offset = over_ages(np.array([middle(str(band)) for band in bands]), difference)
    mean = continuous(tables, "cholesterol", "mean") + offset
    return mean, np.broadcast_to(continuous(tables, "cholesterol", "sd"), mean.shape).copy()


def correlation(parameters: dict[str, float]) -> np.ndarray:
    """Correlation of lifelong percentiles, (exposure, exposure): sbp, cholesterol, bmi."""
    matrix = np.eye(3)
    for (i, j), pair in {(0, 1): "sbp_cholesterol", (0, 2): "sbp_bmi", (1, 2): "cholesterol_bmi"}.items():
        matrix[i, j] = matrix[j, i] = parameters[f"correlation_{pair}"]
    return matrix


def diabetes_prevalence(tables: Tables, population: np.ndarray, adults: float) -> np.ndarray:
    """Share with diabetes, diagnosed or not, (quintile, sex, age).

    Straight lines on the logit scale between the ages of the table; below its first age the first line
    goes on down to 16; none below 16; held above its last age. One shift of the logits makes the
    average over ``population`` (quintile, sex, age) at 16 and over the published share ``adults``.
    """
    points = np.array(find_entry("diabetes").keys["age"], dtype=float) + 0.5
    log_odds = logit(grid("diabetes", tables["diabetes"], "prevalence")).transpose(2, 0, 1)
    points, log_odds = _down_to(ADULT_AGE + 0.5, points, log_odds)
    lines, adult = over_ages(points, log_odds), np.asarray(AGES) >= ADULT_AGE
    people = population * adult / (population * adult).sum()
    return levelled(lines, people, adults) * adult


def levelled(lines: np.ndarray, people: np.ndarray, level: float) -> np.ndarray:
    """Shares whose log odds are ``lines`` plus one shift, such that they sum to ``level`` over ``people``.

    Parameters
    ----------
    lines
        Log odds of any shape.
    people
        Weight of each, as a share of those ``level`` speaks of.
    """
    shift = 0.0
    for _ in range(8):
        share = expit(lines + shift)
        shift += (level - (share * people).sum()) / (share * (1 - share) * people).sum()
    return expit(lines + shift)


def share_by_quintile(ratio: float, people: np.ndarray, level: float) -> np.ndarray:
    """Five shares on a log-linear line whose first is ``ratio`` times its last and whose mean over ``people`` is
    ``level``."""
    line = np.exp(np.log(ratio) * np.linspace(1, 0, 5))
    return np.asarray(line * (level * people.sum() / (line * people).sum()))


def history_prevalence(tables: Tables, disease: str) -> np.ndarray:
    """Share with a history of ``disease`` ("chd" or "stroke"), (quintile, sex, age), never falling with age.

    Shape with age: a parabola through the logits of the averages over quintiles, weighted by the square
    root of prevalence (the young cells rest on a handful of people), made non-decreasing.
    Gradient: the age-standardised prevalence at 35 and over, log-linear over quintiles. Held above 80.
    """
    which = ("chd", "stroke").index(disease)
    cells = grid("disease_history", tables["disease_history"], "prevalence")[which].mean(axis=-1)
    standardised = grid("disease_history_standardised", tables["disease_history_standardised"], "prevalence")[which]
    points = np.array([middle(str(band)) for band in find_entry("disease_history").keys["age_band"]])
    ages = np.minimum(np.asarray(AGES) + 0.5, points[-1])
    fits = [np.polyval(np.polyfit(points, logit(row), 2, w=np.sqrt(row)), ages) for row in cells]
    shape = np.where(np.asarray(AGES) < YOUNGEST_HISTORY, 0.0, expit(_rising(np.array(fits))))
    return np.asarray(np.minimum(gradient(standardised)[:, :, None] * shape, 0.95))


def gradient(standardised: np.ndarray) -> np.ndarray:
    """Ratio of each quintile to their average, log-linear over quintiles, (quintile, sex)."""
    step = np.arange(5) - 2.0
    slope = np.log(standardised) @ step / (step @ step)
    ratio = np.exp(np.outer(step, slope))
    return np.asarray(ratio / ratio.mean(axis=0))


def _rising(logit: np.ndarray) -> np.ndarray:
    """Running maximum from the lowest point of each curve's young end."""
    adult = np.asarray(AGES) >= YOUNGEST_HISTORY
    out = logit.copy()
    out[:, adult] = np.maximum.accumulate(logit[:, adult], axis=1)
    return out


def _down_to(age: float, points: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first straight line carried on down to ``age``."""
    slope = (values[..., 1] - values[..., 0]) / (points[1] - points[0])
    first = values[..., 0] + slope * (age - points[0])
    return np.concatenate([[age], points]), np.concatenate([first[..., None], values], axis=-1)


def logit(share: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(share / (1 - share)))


def expit(logit: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-logit)))
