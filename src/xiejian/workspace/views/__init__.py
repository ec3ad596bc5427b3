"""The pages of a firm, by subject."""
