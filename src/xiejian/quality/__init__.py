"""A firm's quality desk: notices watched, documents with versions, audits, customers' files."""
