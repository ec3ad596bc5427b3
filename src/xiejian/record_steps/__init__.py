"""The kinds of records and their steps, described once: for programs over HTTP and for the command line."""
