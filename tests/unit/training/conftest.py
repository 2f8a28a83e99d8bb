"""The tiny encoder that training is tested with."""

import pytest


@pytest.fixture(scope="module")
def bert(encoders):
    return encoders("bert")
