"""The firms' own entrance: their pages, phone first; a firm sees itself only."""
