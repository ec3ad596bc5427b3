"""The demo: three invented offices with the counts of real ones, built through the system's own doors."""
