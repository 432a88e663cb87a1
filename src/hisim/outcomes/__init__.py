"""Outcomes: pure functions from a dataset of deaths and person-years to what people ask about."""
