"""What a firm and its bureau owe each other: accounts, notices, status, commitments, training."""
