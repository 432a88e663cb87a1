"""The model: people, hazards and deaths by year, for the comparator and every scenario."""
