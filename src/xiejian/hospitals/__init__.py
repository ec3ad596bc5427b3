"""A hospital's devices, implants to a pseudonym, stock and expiry, reporters."""
