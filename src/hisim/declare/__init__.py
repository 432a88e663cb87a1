"""What a person writes: scenarios, interventions, delivery; read from files, checked, frozen."""
