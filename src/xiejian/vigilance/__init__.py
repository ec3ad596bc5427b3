"""Adverse events of devices, what they point to, and recalls: reported, reviewed, counted, answered."""
