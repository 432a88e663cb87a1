"""What interventions do: one small module per mechanism, each a few pure functions to arrays.

=================== ============================================================================================
smoking_cessation   adds to the yearly probability that a smoker stops
treatment           puts eligible people in a slot: coverage and lag
case_finding        diagnoses people, who are then treated at the rate of those diagnosed
exposure_shift      what a slot does to an exposure
mortality_effect    what a slot does to hazards, all year or in winter
birth_outcome       what losing an exposure does to hazards
=================== ============================================================================================

``slot_plan`` joins them: every treatment, shift, mortality effect and birth outcome is a slot.
"""
