"""Variables of the environment that decide how a program computes; set before torch is imported."""

import os


def set_up_environment(threads: int) -> None:
    """Let a program compute with some CPU threads, on one GPU, with the same result every time, and without a connection.

    A run takes the first GPU that a scheduler gave: on several, `Trainer` would train with larger batches.

    Args:
        threads: CPU threads.
    """
    os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
