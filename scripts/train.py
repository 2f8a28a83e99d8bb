"""Train one run of the grid and predict every split with its best epoch.

Reads the run's spec, the prepared splits, the study's tokens, the fetched encoder and, where they are stored, the hidden states of its
frozen layers; writes predictions/<split>.csv, history.csv and provenance.json, and, if asked, model/. Only validation decides which epoch
is kept; dev and test are predicted once, at the end. A run that was interrupted continues from its last checkpoint (checkpoint/, gone
when the run is done). With --keep best, the models of finished runs of the grid that cannot be the best any more are removed at the end.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json
from emotion_grid.base.locks import one_at_a_time
from emotion_grid.base.messages import InputError, log
from emotion_grid.data.splits import MODEL_FILES, RESULT_FILES, missing_files
from emotion_grid.evaluation.keeping import keep_best_so_far
from emotion_grid.training.checks import check_inputs, put_broken_checkpoints_aside, record_results
from emotion_grid.training.run import Job, train


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--spec", required=True, type=Path, help="spec.json of the run")
    parser.add_argument("--data", required=True, type=Path, help="folder of the prepared splits")
    parser.add_argument("--tokens", required=True, type=Path, help="folder of the study's tokens in the cache")
    parser.add_argument("--encoder", required=True, type=Path, help="folder of the fetched encoder")
    parser.add_argument("--features", type=Path, help="folder of the hidden states of the encoder's frozen layers")
    parser.add_argument("--output", required=True, type=Path, help="folder of the run's results")
    parser.add_argument("--texts", help="digest of the dev and test texts, recorded beside the predictions")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads to use (default: 1)")
    parser.add_argument(
        "--keep",
        choices=["all", "best", "results", "model"],
        default="all",
        help="what to write: predictions and model, or one of them; best: both, and remove models that a better one of the grid replaces",
    )
    arguments = parser.parse_args()
    with one_at_a_time(arguments.spec) as waited:
        if waited and not missing_files(arguments.output, MODEL_FILES if arguments.keep == "model" else RESULT_FILES):
            log("the other process finished the run")
            return
        job = Job(**{**vars(arguments), "spec": read_json(arguments.spec)})
        check_inputs(job)
        put_broken_checkpoints_aside(job)
        train(job)
        record_results(job)
    if arguments.keep == "best":
        _keep_best(arguments.output)


def _keep_best(run: Path) -> None:
    """Remove the models that cannot be the best any more; a fault in another run's files is no failure of this one.

    Args:
        run: the folder of the run that is finished.
    """
    try:
        keep_best_so_far(run.parents[1])
    except (InputError, OSError, ValueError) as error:
        log(f"no model was removed ({error}); the step that keeps models does it when the study is complete")


if __name__ == "__main__":
    sys.exit(run_program(main))
