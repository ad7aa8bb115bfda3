#!/usr/bin/env bash
# A Kafka topic's id has two spellings: Java's tools and librdkafka print the same 16 bytes differently.
#
# Needs: python3 with venv, a JDK (javac), Maven.
# Versions: kafka-clients 4.3.0; confluent-kafka 2.16.1 with the librdkafka in it (2.12.0 does the same). Seen 2026-11-29.
# Guess: the id that a client shows can be compared with what `kafka-topics --describe` prints, and put into a path or a key.
# Behaviour: Java writes URL-safe base64 (`-`, `_`), librdkafka's rd_kafka_Uuid_base64str writes plain base64 (`+`, `/`); both
#   without padding. About half of all random ids hold one of the two characters. Java refuses the other spelling.
# Seen: the id 01234567-89ab-cdef-fedc-ba9876543210 is ASNFZ4mrze_-3LqYdlQyEA in Java and ASNFZ4mrze/+3LqYdlQyEA in librdkafka;
#   Uuid.fromString of the second: IllegalArgumentException, "Illegal base64 character 2f".
# Why it matters: an id stored by one and looked up by the other is not found, for half of the topics only; and an id from librdkafka
#   may hold a slash, so it breaks keys and paths that are split at slashes.
set -euo pipefail

python3 -m venv client && client/bin/pip -q install confluent-kafka==2.16.1
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
  -Dartifact=org.apache.kafka:kafka-clients:4.3.0 -DoutputDirectory=jars

cat >Ids.java <<'JAVA'
import org.apache.kafka.common.Uuid;

public class Ids {
    public static void main(String[] args) {
        System.out.println(new Uuid(0x0123456789abcdefL, 0xfedcba9876543210L));
        System.out.println(new Uuid(1, 2));
        try {
            System.out.println(Uuid.fromString("ASNFZ4mrze/+3LqYdlQyEA"));
        } catch (IllegalArgumentException error) {
            System.out.println(error.getMessage());
        }
    }
}
JAVA
cat >ids.py <<'PYTHON'
from confluent_kafka import Uuid

print(Uuid(0x0123456789ABCDEF, 0xFEDCBA9876543210 - 2**64))
print(Uuid(1, 2))
PYTHON

jar=$(echo jars/kafka-clients-*.jar)
javac -cp "$jar" Ids.java
java -cp "$jar:." Ids | tee java.txt
client/bin/python ids.py | tee librdkafka.txt

printf '%s\n' ASNFZ4mrze_-3LqYdlQyEA AAAAAAAAAAEAAAAAAAAAAg 'Illegal base64 character 2f' | diff - java.txt
printf '%s\n' ASNFZ4mrze/+3LqYdlQyEA AAAAAAAAAAEAAAAAAAAAAg | diff - librdkafka.txt
