"""Build the image that every rule runs in, from containers/emotion-grid.def and the locked requirements of envs/.

Writes a folder: the image, its checksum, a page for its readers, and image.json, which appears last. A build that fails leaves that
folder as it was. pip's settings in the environment (PIP_…) and proxies hold inside, too.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.container.building import build


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--bootstrap", help="where the base comes from: docker (the recipe's default), localimage, ...")
    parser.add_argument("--from", dest="base", help="the base (default: the recipe's, a CUDA base)")
    parser.add_argument(
        "--torch", help="torch-cuda (the recipe's default) or torch, the pinned release in any build that pip finds"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("containers/image"), help="folder of the image (default: %(default)s)"
    )
    given = parser.parse_args()
    arguments = {"BOOTSTRAP": given.bootstrap, "FROM": given.base, "TORCH": given.torch}
    build({name: value for name, value in arguments.items() if value}, given.output)


if __name__ == "__main__":
    sys.exit(run_program(main))
