"""What everything else stands on: files, digests, locks, messages, YAML. Imports the standard library and yaml only."""
