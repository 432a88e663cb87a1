import xarray as xr


def tornado(values, names):
    low, high = values[1::2], values[2::2]
    return xr.Dataset(
        {
            "low": ("parameter", low),
            "high": ("parameter", high),
            "swing": ("parameter", abs(high - low)),
            "central": values[0],
        },
        coords={"parameter": list(names)},
    )
