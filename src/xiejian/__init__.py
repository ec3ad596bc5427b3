"""械监: one system for the supervision year of a medical-device office."""

__version__ = "0.1.0"
