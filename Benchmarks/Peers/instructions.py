"""Counts the instructions of a sale in process: decided, encoded, applied and written, by `Scale` under callgrind.

    instructions.py SCALE [SCALE …] [--sales 5000]

Each SCALE is the program of one version, built for release. It is copied and stripped (callgrind reads symbols of a
Swift program for minutes), and run with and without sales on 100 products; the difference is that of the sales. Counts
hardly depend on other load. Prints the count per sale of each, and its ratio to the first.
"""

import argparse
import os
import re
import shutil
import subprocess
import tempfile


def collected(scale, path, sales):
    with tempfile.TemporaryDirectory(dir=path) as directory:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", scale,
             os.path.join(directory, "db"), "100", str(sales), "log"],
            capture_output=True, text=True,
        )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        raise SystemExit(f"error: {scale} ended with {done.returncode}: {done.stderr}")
    return int(found.group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scale", nargs="+")
    parser.add_argument("--sales", type=int, default=5_000)
    options = parser.parse_args()

    first = None
    with tempfile.TemporaryDirectory() as path:
        for number, program in enumerate(options.scale):
            stripped = os.path.join(path, f"scale-{number}")
            shutil.copy(program, stripped)
            subprocess.run(["strip", stripped], check=True)
            count = collected(stripped, path, options.sales) - collected(stripped, path, 0)
            each = count / options.sales
            first = first or each
            print(f"{each:,.0f} instructions a sale, {each / first:.3f} of the first: {program}")


if __name__ == "__main__":
    main()
