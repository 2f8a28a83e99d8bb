"""What training reads instead of texts: tokens and hidden states of frozen layers, kept in the cache."""
