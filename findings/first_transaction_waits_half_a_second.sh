#!/usr/bin/env bash
# librdkafka: a transactional producer that is asked to begin while its first connection is on its way loses half a second.
#
# Needs: python3 with venv. The cluster is the mock in the client itself, with a round trip of 20 ms.
# Versions: confluent-kafka 2.16.1 with the librdkafka in it; librdkafka 2.12.0 against Apache Kafka 4.3.0 does the same. Seen
#   2026-11-29.
# Guess: init_transactions() right after the constructor takes what a connection and two questions take: to ask something else of
#   the cluster before it can only make it slower.
# Behaviour: where no broker is up at the moment of the call, the question for the transaction coordinator is put off by a timer of
#   500 ms (rd_kafka_txn_coord_query), which the connection that comes up meanwhile does not cut short. list_topics() does wait for
#   the connection, so both together are faster than init_transactions() alone. Whether it happens is luck on a fast network, and
#   the rule where a round trip takes some milliseconds.
# Seen, called 0 to 57 ms after the constructor: alone 150 to 690 ms, list_topics and then init_transactions never above 260 ms. With
#   a round trip of 1 ms half of ten calls took 60 ms, and half 511 ms.
# Why it matters: short transactional jobs, restarts and fail-overs to a fresh producer pay it, and it looks like a slow cluster.
set -euo pipefail

python3 -m venv client && client/bin/pip -q install confluent-kafka==2.16.1
cat >begin.py <<'PYTHON'
import time

from confluent_kafka import Producer


def begin(ask_first, after):
    # One cluster for each, as each would be a process of its own.
    settings = {"test.mock.num.brokers": 1, "test.mock.broker.rtt": 20}
    producer = Producer({"bootstrap.servers": "mock", "transactional.id": "job", **settings})
    time.sleep(after / 1000)
    started = time.monotonic()
    if ask_first:
        producer.list_topics(timeout=10)
    producer.init_transactions(10)
    return (time.monotonic() - started) * 1000


alone = [begin(False, after) for after in range(0, 60, 3)]
asked = [begin(True, after) for after in range(0, 60, 3)]
for name, times in ("alone", alone), ("after list_topics", asked):
    print(f"{name}: {min(times):.0f} to {max(times):.0f} ms")
print("alone takes much longer" if max(alone) > max(asked) + 200 else "no difference")
PYTHON
client/bin/python begin.py | tee out.txt
grep -qx 'alone takes much longer' out.txt
