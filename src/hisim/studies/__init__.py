"""Floor 4: many runs that answer one question."""
