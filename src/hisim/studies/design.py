import numpy as np


def draws(count, parameters, seed, first=0):
    from scipy.stats import qmc

    e = qmc.Sobol(parameters, scramble=True, rng=np.random.default_rng(seed))
    e.fast_forward(first) if first else None
    return np.clip(e.random(count), 1e-9, 1 - 1e-9)


def one_at_a_time(p, low=0.025, high=0.975):
    o = np.full((1 + 2 * p, p), np.nan)
    for i in range(p):
        o[1 + 2 * i, i] = low
        o[2 + 2 * i, i] = high
    return o


def grid(levels):
    return np.stack([x.ravel() for x in np.meshgrid(*[np.arange(n) for n in levels], indexing="ij")], axis=1)


def check_size(kind, size, p):
    pass


def runs(kind, size, p, second):
    return {"draws": size, "one_at_a_time": 2 * p, "latin_hypercube": size}[kind]


def correlated(p, c):
    return p
