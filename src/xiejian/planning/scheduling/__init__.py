"""Who goes when: visits become outings of a team, first into weeks by town, then days, then teams."""
