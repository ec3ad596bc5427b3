"""信用: quality-credit grades, the two lists with their procedure, commitments, joint measures."""
