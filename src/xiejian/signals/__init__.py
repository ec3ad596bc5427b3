"""Which product is reported with which event more often than the reports as a whole would lead one to expect.

Arithmetic alone: counts from reports, four measures, nothing stored. A signal is a reason to look, never a
finding: what an office does with one is said in the rooms above.
"""
