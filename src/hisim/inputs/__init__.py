"""Packaged tables turned into the model's inputs: who lives where, with what exposures, and dies how fast."""
