"""What a config asks for, as folders named by the digest of everything that decides their content."""
