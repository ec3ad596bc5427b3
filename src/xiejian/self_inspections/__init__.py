"""Yearly self-inspections of firms: forms, filing, who is late, what contradicts a visit."""
