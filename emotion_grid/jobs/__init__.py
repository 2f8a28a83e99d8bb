"""Jobs on a cluster: what they ask for, what became of them, and one start at a time."""
