"""The judge of crash runs: says what is wrong with the tables, from the input alone.

Knows nothing of Pipewright's code. It places keys with its own murmur2, applies the program's few rules itself, and holds
the tables against that:

  - what lies in the fact table and among the dead letters of a partition is a prefix of what the input has for it, in the
    input's order: no loss, no duplicate, no row of a transaction that was not finished;
  - no row lies at or behind the stored position of its partition;
  - the upserted table holds the newest version of each key of just that prefix;
  - at the end the prefix is everything.
"""

from collections import defaultdict

PARTITIONS = 4


def murmur2(data: bytes) -> int:
    """As the Java client computes it (org.apache.kafka.common.utils.Utils.murmur2)."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i:i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = h * m & mask ^ k
    rest = data[whole:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def partition(customer: int) -> int:
    return (murmur2(str(customer).encode()) & 0x7FFFFFFF) % PARTITIONS


def fate(order) -> str:
    """What the program does to an order that could be decoded."""
    _, _, cents, status = order
    if status != "paid":
        return "filtered"
    return "dead" if cents < 100 else "stored"


class Truth:
    """What the input says. `orders`: (id, customer, cents or None if it cannot be decoded, status) in the order of the file."""

    def __init__(self, orders):
        self.undecodable = [order[0] for order in orders if order[2] is None]
        self.places = defaultdict(list)
        for order in orders:
            if order[2] is not None:
                self.places[partition(order[1])].append(order)


def verify(truth, facts, letters, customers, positions, complete):
    """A list of sentences; empty if all is well.

    facts: (id, customer, cents, partition, offset); letters: (partition, offset, name) of records that were refused after the
    topic; customers: (customer, id); positions: {partition: next offset}.
    """
    wrong = []
    seen = defaultdict(list)
    for ident, customer, cents, part, offset in facts:
        seen[part].append((offset, "stored", (ident, customer, cents)))
    for part, offset, _ in letters:
        seen[part].append((offset, "dead", None))
    newest = {}
    for part in range(PARTITIONS):
        rows = sorted(seen[part], key=lambda row: row[0])
        offsets = [row[0] for row in rows]
        if len(set(offsets)) != len(offsets):
            twice = sorted({it for it in offsets if offsets.count(it) > 1}) if len(offsets) < 2_000 else []
            wrong.append(f"partition {part}: {len(offsets) - len(set(offsets))} records are there more than once {twice[:3]}")
            continue
        if offsets and offsets[-1] >= positions.get(part, 0):
            wrong.append(f"partition {part}: a row at {offsets[-1]}, but the position is {positions.get(part)}")
        due = [order for order in truth.places[part] if fate(order) != "filtered"]
        for index, (offset, kind, row) in enumerate(rows):
            if index >= len(due):
                wrong.append(f"partition {part}: {len(rows) - len(due)} rows too many")
                break
            order = due[index]
            if kind != fate(order) or row is not None and row != order[:3]:
                wrong.append(f"partition {part}, offset {offset}: {kind} {row}, but order {order} is due")
                break
            if kind == "stored":
                newest[order[1]] = order[0]
        if complete and len(rows) != len(due):
            wrong.append(f"partition {part}: {len(due) - len(rows)} of {len(due)} records are missing")
    if not wrong:
        table = dict(customers)
        if len(table) != len(customers):
            wrong.append("the upserted table has a key twice")
        differing = [key for key in table.keys() | newest.keys() if table.get(key) != newest.get(key)]
        for key in differing[:3]:
            wrong.append(f"customer {key}: the table says {table.get(key)}, the newest stored order is {newest.get(key)}")
    return wrong


def verify_topic(truth, records):
    """The topic itself. records: (partition, offset, key, id) as a read_committed reader sees them; all of them."""
    wrong = []
    seen = defaultdict(list)
    for part, offset, key, ident in records:
        seen[part].append((offset, key, ident))
    for part in range(PARTITIONS):
        got = [(key, ident) for _, key, ident in sorted(seen[part])]
        due = [(str(order[1]), order[0]) for order in truth.places[part]]
        if got != due:
            where = next((i for i, (a, b) in enumerate(zip(got, due)) if a != b), min(len(got), len(due)))
            wrong.append(f"topic, partition {part}: {len(got)} records, {len(due)} are due; the first difference is number {where}")
    return wrong
