"""Measurements that anyone can repeat; docs/ shows their results."""
