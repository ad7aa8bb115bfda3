#!/usr/bin/env python3
"""Kills Pipewright again and again, at random instants and at every boundary of a commit, and has `verify.py` judge the tables.

  crash.py --binary target/debug/pipewright --path postgres --runs 50        file -> Kafka -> PostgreSQL, append and upsert
  crash.py --binary target/debug/pipewright --path sqlite --runs 50          file -> embedded cluster -> SQLite
  crash.py ... --seed 7                                                      the same kills again
  crash.py ... --broken broken-positions                                     a build that breaks its promise: must be caught

The binary must be built with the feature `failpoints` (a `cargo test` of the project does). Ends with 0 if nothing was lost,
nothing doubled; prints the seed first, so that a run can be repeated.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import verify

HERE = os.path.dirname(os.path.abspath(__file__))
BROKERS = os.environ.get("KAFKA_BROKERS", "127.0.0.1:19092")
POSTGRES = os.environ.get("POSTGRES_URL", "postgres://postgres@127.0.0.1:15432/postgres")
# Boundaries where the process may end.
POINTS = {
    "postgres": ["ingest-begun", "ingest-sent", "ingest-committed", "epoch-begin", "epoch-rows", "epoch-letters",
                 "epoch-positions", "epoch-stored"],
    "sqlite": ["epoch-begin", "epoch-rows", "epoch-letters", "epoch-positions", "epoch-stored"],
}
# Where the process must end for a promise that is broken on purpose to show.
BROKEN = {"broken-positions": ["epoch-positions"], "broken-letters": ["epoch-letters"]}
PROGRAM = """
pipeline NAME { max_bad = 20%, commit = { rows = 1_000, interval = 20ms } }
connection bus = BUS
connection disk = files { root = "." }
connection db = DB
type Order = { id: int64, customer: int64, amount: decimal(12, 2), status: "paid" | "cancelled" }
source orders_csv: Order from disk { path = "orders.in", format = FORMAT }
topic orders from orders_csv { name = "NAME.orders", partition_key = customer, partitions = 4 REPLICATION }
transform paid from orders
  | where status == "paid"
  | check amount >= 1 else f"amount {amount}"
  | derive part = meta.partition, at = meta.offset
  | select id, customer, amount, part, at
transform newest from paid | as table by customer | select customer, id
sink facts from paid to db { table = "facts", write = append }
sink customers from newest to db { table = "customers", write = upsert, key = customer }
"""


class Postgres:
    """Where the rows of a round lie, on a server."""

    def __init__(self, name, folder):
        self.name = name
        self.ask(f"CREATE SCHEMA {name}")

    def ask(self, sql):
        done = subprocess.run(["psql", POSTGRES, "-XqAtF", "|", "-v", "ON_ERROR_STOP=1", "-c", sql], capture_output=True, text=True)
        if done.returncode != 0:
            if "does not exist" in done.stderr:
                return []
            raise SystemExit(done.stderr)
        return [line.split("|") for line in done.stdout.splitlines()]

    def tables(self):
        # One statement, so that all four are seen at the same instant.
        ours = f"program = '{self.name}'"
        rows = self.ask(
            f"SELECT 'f', id, customer, (amount * 100)::bigint, part, at::bigint FROM {self.name}.facts UNION ALL "
            f"SELECT 'c', customer, id, 0, 0, 0 FROM {self.name}.customers UNION ALL "
            f"SELECT 'l', partition, \"offset\", 0, 0, 0 FROM pipewright.dead_letters WHERE {ours} UNION ALL "
            f"SELECT 'p', partition, next_offset, 0, 0, 0 FROM pipewright.positions WHERE {ours} AND next_offset IS NOT NULL")
        return split(rows)

    def close(self):
        self.ask(f"DROP SCHEMA {self.name} CASCADE")


class Sqlite:
    """Where the rows of a round lie, in a file."""

    def __init__(self, name, folder):
        self.path = os.path.join(folder, "out.db")

    def tables(self):
        if not os.path.exists(self.path):
            return split([])
        database = sqlite3.connect(self.path)
        try:
            return split(database.execute(
                "SELECT 'f', id, customer, CAST(round(amount * 100) AS INTEGER), part, at FROM facts UNION ALL "
                "SELECT 'c', customer, id, 0, 0, 0 FROM customers UNION ALL "
                "SELECT 'l', partition, \"offset\", 0, 0, 0 FROM pipewright_dead_letters WHERE topic = 'orders' UNION ALL "
                "SELECT 'p', partition, next_offset, 0, 0, 0 FROM pipewright_positions WHERE next_offset IS NOT NULL").fetchall())
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return split([])
            raise
        finally:
            database.close()

    def close(self):
        pass


def split(rows):
    facts, customers, letters, positions = [], [], [], {}
    for row in rows:
        kind, numbers = row[0], [int(it) for it in row[1:]]
        if kind == "f":
            facts.append(tuple(numbers))
        elif kind == "c":
            customers.append((numbers[0], numbers[1]))
        elif kind == "l":
            letters.append((numbers[0], numbers[1], ""))
        else:
            positions[numbers[0]] = numbers[1]
    return facts, letters, customers, positions


def orders(rows, rng):
    """Orders as the file has them. Every so often an amount that is no number, one that is too small, a cancelled one."""
    out = []
    for ident in range(rows):
        kind = rng.random()
        cents = None if kind < 0.01 else rng.randrange(100) if kind < 0.03 else rng.randrange(100, 100_000)
        out.append((ident, rng.randrange(500), cents, "cancelled" if rng.random() < 0.1 else "paid"))
    return out


# What `--input` may say, and how the program reads it.
FORMATS = {"csv": "csv(header = true)", "array": "json(framing = array)"}


def write(path, orders, input):
    def amount(cents):
        return "abc" if cents is None else f"{cents // 100}.{cents % 100:02}"

    with open(path, "w") as file:
        if input == "csv":
            file.write("id,customer,amount,status\n")
            file.writelines(f"{ident},{customer},{amount(cents)},{status}\n" for ident, customer, cents, status in orders)
            return
        # A number that is none is text.
        value = lambda cents: '"abc"' if cents is None else amount(cents)
        elements = (f'{{"id": {ident},\n  "customer": {customer}, "amount": {value(cents)}, "status": "{status}"}}'
                    for ident, customer, cents, status in orders)
        file.write("[" + ",\n".join(elements) + "]\n")


def verify_topic(round, stack):
    """What is wrong with the topic. A consumer that saw too few may only have been slow to begin: it is given more time."""
    wrong = []
    for seconds in (5, 30, 120):
        records = topic(f"{round.name}.orders", stack, seconds)
        wrong = verify.verify_topic(round.truth, records)
        if not wrong or len(records) >= sum(len(it) for it in round.truth.places.values()):
            break
    return wrong


def topic(name, stack, seconds):
    """All records of the topic as a plain Java consumer sees them, read_committed, until none comes for so long."""
    done = subprocess.run(
        [stack, "kafka-sh", "consumer.ConsoleConsumer", "--topic", name, "--from-beginning", "--isolation-level", "read_committed",
         "--timeout-ms", str(seconds * 1000), "--formatter-property", "print.partition=true", "--formatter-property", "print.offset=true",
         "--formatter-property", "print.key=true"], capture_output=True, text=True)
    records = []
    for line in done.stdout.splitlines():
        if line.startswith("Partition:"):
            part, offset, key, value = line.split("\t", 3)
            records.append((int(part.split(":")[1]), int(offset.split(":")[1]), key, json.loads(value)["id"]))
    return records


class Round:
    """One input, killed until it is through."""

    def __init__(self, options, rng, number):
        self.options, self.rng = options, rng
        self.folder = tempfile.mkdtemp(prefix="pipewright-crash-")
        self.name = f"crash_{os.getpid()}_{number}"
        self.orders = orders(options.rows, rng)
        self.truth = verify.Truth(self.orders)
        write(os.path.join(self.folder, "orders.in"), self.orders, options.input)
        real = options.path == "postgres"
        program = PROGRAM.replace("FORMAT", FORMATS[options.input]).replace("BUS", f'kafka {{ brokers = "{BROKERS}" }}' if real else "kafka { embedded = true }")
        program = program.replace("DB", f'postgres {{ url = "{POSTGRES}", schema = "NAME" }}' if real else 'sqlite { path = "out.db" }', 1)
        program = program.replace("REPLICATION", ", replication = 1" if real else "").replace("NAME", self.name)
        if not real:
            program = program.replace(f'name = "{self.name}.orders", ', "")
        with open(os.path.join(self.folder, "main.pipe"), "w") as file:
            file.write(program)
        self.database = (Postgres if real else Sqlite)(self.name, self.folder)

    def start(self, failpoints):
        log = open(os.path.join(self.folder, "log"), "a")
        environment = dict(os.environ, NO_COLOR="1", FAILPOINTS=failpoints)
        return subprocess.Popen([self.options.binary, "run", "main.pipe", "--until-end"], cwd=self.folder, env=environment,
                                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def judge(self, complete):
        return verify.verify(self.truth, *self.database.tables(), complete)

    def kill_once(self):
        """One start and one kill. True if the run was through before."""
        points = BROKEN.get(self.options.broken) or POINTS[self.options.path]
        broken = f"{self.options.broken}=return;" if self.options.broken else ""
        if broken or self.rng.random() < 0.5:
            point = self.rng.choice(points)
            failpoints = f"{broken}{point}={self.rng.randrange(1, 12)}*off->return"
            running, how = self.start(failpoints), failpoints
            code = self.finish(running)
        else:
            after = self.rng.uniform(*((0.3, 2.5) if self.options.path == "postgres" else (0.05, 1.2)))
            running, how = self.start(broken), f"kill -9 after {after:.2f} s"
            try:
                code = running.wait(after)
            except subprocess.TimeoutExpired:
                running.kill()
                code = running.wait()
        if self.options.verbose:
            print(f"  {how}: {code}", flush=True)
        if code not in (0, -signal.SIGKILL, -signal.SIGABRT):
            raise Wrong(f"{how}: it ended with {code}\n{self.log()}")
        return code == 0

    def finish(self, running):
        try:
            return running.wait(120)
        except subprocess.TimeoutExpired:
            running.kill()
            raise Wrong(f"it hangs\n{self.log()}")

    def log(self):
        with open(os.path.join(self.folder, "log")) as file:
            return file.read()[-3_000:]

    def close(self):
        self.database.close()
        shutil.rmtree(self.folder)


class Wrong(Exception):
    """A promise was broken."""


def play(options, rng):
    kills, rounds = 0, 0
    while kills < options.runs:
        round = Round(options, rng, rounds)
        rounds += 1
        through = False
        while not through and kills < options.runs:
            through = round.kill_once()
            kills += not through
            # In the middle the tables must be a prefix; looked at now and then, for it takes a moment.
            if not through and (options.broken or rng.random() < 0.3):
                report(round, round.judge(complete=False), kills)
        if not through:
            code = round.finish(round.start(f"{options.broken}=return" if options.broken else ""))
            if code != 0:
                raise Wrong(f"the last run ended with {code}\n{round.log()}")
        report(round, round.judge(complete=True), kills)
        if options.path == "postgres":
            report(round, verify_topic(round, options.stack), kills)
        round.close()
        print(f"round {rounds}: {options.rows} orders, {kills} kills so far, all is well", flush=True)
    return kills, rounds


def report(round, wrong, kills):
    if wrong:
        raise Wrong("\n".join(wrong) + f"\nafter {kills} kills; the files are in {round.folder}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", required=True, type=os.path.abspath)
    arguments.add_argument("--path", required=True, choices=sorted(POINTS))
    arguments.add_argument("--input", default="csv", choices=sorted(FORMATS), help="how the orders lie in their file")
    arguments.add_argument("--runs", type=int, default=50, help="how many kills")
    arguments.add_argument("--rows", type=int, default=60_000, help="orders per round")
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    arguments.add_argument("--broken", choices=sorted(BROKEN), help="a guarantee to break on purpose")
    arguments.add_argument("--stack", default=os.path.join(HERE, "../../scripts/stack"))
    arguments.add_argument("--verbose", action="store_true", help="print every kill")
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    started = time.time()
    try:
        kills, rounds = play(options, random.Random(options.seed))
    except Wrong as wrong:
        print(f"WRONG: {wrong}\nagain with: --path {options.path} --seed {options.seed} --runs {options.runs} --rows {options.rows} --input {options.input}")
        return 1
    print(f"{kills} kills in {rounds} rounds, {time.time() - started:.0f} s: nothing lost, nothing doubled")
    return 0


if __name__ == "__main__":
    sys.exit(main())
