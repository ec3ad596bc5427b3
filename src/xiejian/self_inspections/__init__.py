"""企业自查: forms as data, what a firm answers, who did not hand in, what visits say against it.

See docs/explanation/self-inspection.md.
"""
