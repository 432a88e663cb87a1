"""What interventions do: one small module per mechanism, each a few pure functions to arrays.

``treatment`` puts eligible people on a drug; ``smoking_cessation`` adds successful quit attempts.
"""
