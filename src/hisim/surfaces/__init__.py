"""Words, tables and files for people: no science here."""
