"""Runs two versions of invd in turns on one data directory.

In each round one of them, in turns, sells and takes a snapshot, and is killed during it. Then each reads a
copy of the directory, and both must return the same; the next round continues with the directory.
"""

import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

LISTINGS = [
    ["ledger", "list", "--oldest-first", "--limit", "0", "--fields",
     "lsn,kind,productId,onHandDelta,unavailableDelta,amount,price,cost,reference,actor"],
    ["product", "list", "--limit", "0", "--fields", "id,sku,name,price,onHand,available"],
]


class Server:
    def __init__(self, programs, directory):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % probe.getsockname()[1]
        self.programs = programs
        self.process = subprocess.Popen(
            [os.path.join(programs, "invd"), "--data-dir", directory, "--listen", self.address,
             "--log-file-mib", "1", "--snapshot-mib", "1", "--log-level", "error"],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready"):
            raise SystemExit("%s does not start: exit %s" % (programs, self.process.wait()))

    def run(self, *words, wait=True):
        command = [os.path.join(self.programs, "invctl"), *words, "--server", self.address]
        if not wait:
            return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return subprocess.run(command, capture_output=True, check=True).stdout

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def content(self):
        self.run("verify")
        digest = hashlib.sha256()
        for listing in LISTINGS:
            digest.update(self.run(*listing, "-o", "csv"))
        return digest.hexdigest()


def read(programs, directory, copy):
    shutil.copytree(directory, copy)
    server = Server(programs, copy)
    try:
        return server.content()
    finally:
        server.kill()
        shutil.rmtree(copy)


def wait_for_snapshot(directory):
    """Returns when a snapshot is being written, or after half a second."""
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        if any(name.endswith(".tmp") for name in os.listdir(directory)):
            return


def main(before, after, rounds):
    rng = random.Random(1)
    unfinished = 0
    with tempfile.TemporaryDirectory() as home:
        directory = os.path.join(home, "data")
        for number in range(rounds):
            server = Server((before, after)[number % 2], directory)
            try:
                server.run("bench", "sell", "--connections", "1", "--depth", "2", "--seconds", "1")
                load = server.run("bench", "sell", "--connections", "1", "--seconds", "2", wait=False)
                snapshot = server.run("snapshot", wait=False)
                wait_for_snapshot(directory)
                time.sleep(rng.uniform(0.0, 0.008))
            finally:
                server.kill()
            for child in (load, snapshot):
                child.kill()
                child.wait()
            names = os.listdir(directory)
            unfinished += any(name.endswith(".tmp") for name in names)
            copy = os.path.join(home, "copy")
            said = [read(programs, directory, copy) for programs in (before, after)]
            if said[0] != said[1]:
                raise SystemExit("round %d: they read different states from %s" % (number, names))
    print("%d rounds in turns, %d of them killed during a snapshot: the same was read"
          " by both each time" % (rounds, unfinished))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
