"""Publish the image for a team: into a folder that its group reads, or to a registry (oras://…).

Reads the folder that `make container` wrote. A folder receives the image, its checksum, image.json with the labels, and a one-page
README; whoever starts meanwhile finds the image before or the new one, whole, and grids that run keep theirs.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.layout import PROJECT
from emotion_grid.base.messages import InputError
from emotion_grid.container.finding import find_image
from emotion_grid.container.sharing import share_folder, share_registry


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--to", required=True, help="a folder, or oras://<registry>/<name>:<tag>")
    parser.add_argument("--image", default="containers/image", help="the image to publish (default: %(default)s)")
    arguments = parser.parse_args()
    if not arguments.to:
        raise InputError(
            "TO: expected a folder or oras://<registry>/<name>:<tag>, found nothing: make share-container TO=..."
        )
    image = find_image(arguments.image, Path("cache"), PROJECT / "envs")
    if arguments.to.startswith("oras://"):
        share_registry(image, arguments.to)
    else:
        share_folder(image, Path(arguments.to).expanduser())


if __name__ == "__main__":
    sys.exit(run_program(main))
