"""Temperatures of stores and transports, and what they mean for the lots kept there."""
