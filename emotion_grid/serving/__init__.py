"""Pages for people, from a program on this machine: who is answered, and what the answers carry."""
