"""Basics used by all packages: files, digests, locks, messages, YAML. Imports the standard library and yaml only."""
