"""风险: what worries an office, who owns it, when it may be struck off, and whether it came back."""
