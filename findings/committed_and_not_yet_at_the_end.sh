#!/usr/bin/env bash
# Kafka: right after a transaction's commit has succeeded, the end of the topic may still lie before its records.
#
# Needs: python3 with venv, Java 17, Maven, the ports 29092 and 29093.
# Versions: Apache Kafka 4.3.0 (one broker), confluent-kafka 2.16.1. Seen 2026-11-29.
# Guess: once commit_transaction() has returned, a reader that asks a topic for its end (read_committed) is told an end behind the
#   records of that transaction. So "write, commit, read to the end" reads everything.
# Behaviour: the coordinator answers a commit as soon as it has written its decision down; the partitions get their markers after
#   that, each on its own. Until then their last stable offset, which is the end that a read_committed client is told, stays before
#   the transaction. The end of a read_uncommitted client (the high watermark) holds the records from the start, and a read_committed
#   reader that goes on until it has passed that one gets them all.
# Seen: of 200 commits over 50 partitions 147 were followed by an end without them, for up to 103 ms (two busy cores; on an idle
#   machine 35 of 100, up to 12 ms; over one partition 12 of 100). The read_uncommitted end had them every time.
# Why it matters: batch jobs and tests that read "up to the end offsets as of now" leave the last transaction of a writer that has
#   finished before out, now and then, without an error.
set -euo pipefail

python3 -m venv client && client/bin/pip -q install confluent-kafka==2.16.1
cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>4.3.0</version></dependency>
  </dependencies>
</project>
XML
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars
cat >broker.properties <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:29093
listeners=PLAINTEXT://127.0.0.1:29092,CONTROLLER://127.0.0.1:29093
advertised.listeners=PLAINTEXT://127.0.0.1:29092,CONTROLLER://127.0.0.1:29093
controller.listener.names=CONTROLLER
log.dirs=$PWD/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
PROPERTIES
kafka() { java -Xmx512m -cp 'jars/*' "$@"; }
kafka kafka.tools.StorageTool format --standalone -t "$(kafka kafka.tools.StorageTool random-uuid 2>/dev/null)" -c broker.properties >/dev/null 2>&1
kafka kafka.Kafka broker.properties >broker.log 2>&1 &
trap 'kill $! 2>/dev/null; wait' EXIT

cat >ends.py <<'PYTHON'
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

CLUSTER, PARTITIONS, COMMITS = {"bootstrap.servers": "127.0.0.1:29092"}, 50, 200

admin = AdminClient(CLUSTER)
admin.list_topics(timeout=60)
admin.create_topics([NewTopic("t", PARTITIONS, 1)])["t"].result()
time.sleep(2)
producer = Producer({**CLUSTER, "transactional.id": "writer", "linger.ms": 0})
producer.list_topics(timeout=10)
producer.init_transactions(60)


def reader(isolation):
    return Consumer({**CLUSTER, "group.id": isolation, "isolation.level": isolation})


def end(of):
    return of.get_watermark_offsets(TopicPartition("t", PARTITIONS - 1), timeout=10)[1]


committed, uncommitted = reader("read_committed"), reader("read_uncommitted")
end(committed), end(uncommitted)
without, longest, behind = 0, 0, 0
for number in range(COMMITS):
    producer.begin_transaction()
    for partition in range(PARTITIONS):
        producer.produce("t", partition=partition, value=b"x")
    producer.commit_transaction(30)
    returned = time.monotonic()
    # A record and a marker for each transaction before this one.
    if end(committed) <= 2 * number:
        without += 1
        behind += end(uncommitted) <= 2 * number
        while end(committed) <= 2 * number:
            pass
        longest = max(longest, time.monotonic() - returned)
print(f"of {COMMITS} commits {without} were not at the end yet, for up to {longest * 1000:.0f} ms")
print(f"read_uncommitted: {behind}")
print("some are late" if without and not behind else "none is late")
PYTHON
client/bin/python ends.py | tee out.txt
grep -qx 'some are late' out.txt
