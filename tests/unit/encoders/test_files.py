"""Which of an encoder's files are taken."""

from emotion_grid.encoders.files import ENCODER_FILES


def test_no_pattern_of_an_encoders_files_takes_code_or_pickles():
    assert not [p for p in ENCODER_FILES if p.endswith((".py", ".bin", ".pt", ".pkl", ".ckpt", ".h5", "*"))]
