"""The kinds of sources that encoders come from, one module each."""
