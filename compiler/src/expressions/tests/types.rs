//! Expression to type.

use super::{check, shown};

#[test]
fn expressions_have_types() {
    for (text, expected) in [
        ("1", "int32"),
        ("3000000000", "int64"),
        ("-9223372036854775808", "int64"),
        ("12.50", "decimal(4, 2)"),
        ("1.25e1", "float64"),
        ("true", "bool"),
        ("\"a\"", "string"),
        ("1h30m", "duration"),
        ("@2026-01-01T10:00:00Z", "timestamp"),
        ("@2026-01-01T10:00:00", "local_timestamp"),
        ("@2026-01-01", "date"),
        ("@10:00", "time"),
        ("id", "int64"),
        ("limit", "int64"),
        ("customer.id", "int64"),
        ("customer.country", "string?"),
        ("maybe.id", "int64?"),
        ("tags[0]", "string?"),
        ("labels[\"x\"]", "string?"),
        ("meta.key", "bytes?"),
        ("meta.offset", "int64"),
        ("meta.headers[\"trace\"]", "bytes?"),
        ("small + 1", "int64"),
        ("amount * rate", "decimal(23, 8)"),
        ("amount + 1", "decimal(13, 2)"),
        ("amount * limit", "decimal(32, 2)"),
        ("score * 2", "float64"),
        ("created_at - created_at", "duration"),
        ("created_at + 5m", "timestamp"),
        ("-amount", "decimal(12, 2)"),
        ("weight + 1", "int64?"),
        ("id > 1", "bool"),
        ("weight > 1", "bool?"),
        ("weight is null", "bool"),
        ("not flag", "bool?"),
        ("vip and flag", "bool?"),
        ("vip or id > 2", "bool"),
        ("note ?? name", "string"),
        ("note ?? state", "string?"),
        ("weight ?? 0", "int64"),
        ("status == \"paid\"", "bool"),
        ("status in [\"new\", \"paid\"]", "bool"),
        ("weight not in [1, 2]", "bool?"),
        ("amount between 1 and 2.5", "bool"),
        ("weight not between 1 and 2", "bool?"),
        ("note like \"a%\"", "bool?"),
        ("name like wanted", "bool"),
        ("name ~ r\"^a\\d+$\"", "bool"),
        ("if vip then 1 else amount", "decimal(12, 2)"),
        ("if vip then name else null", "string?"),
        ("[1, 2]", "list<int32>"),
        ("{ a = id, b = note }", "{ a: int64, b: string? }"),
        ("match status { \"new\" => 1, \"paid\" => 2, \"cancelled\" => 3 }", "int32"),
        ("match state { \"new\" => name, null => note, _ => null }", "string?"),
        ("match vip { true => 1, false => 0 }", "int32"),
        ("match amount { 1 => true, 2.50 => false, _ => vip }", "bool"),
        ("f\"{name}/{status}\"", "string"),
        ("f\"{note}\"", "string?"),
    ] {
        let checked = check(text);
        assert_eq!(shown(&checked), [""; 0], "{text}");
        assert_eq!(checked.value.ty.to_string(), expected, "{text}");
    }
}

#[test]
fn tests_for_null_narrow_what_follows() {
    for (text, expected) in [
        ("if note is not null then note else name", "string"),
        ("if note is null then name else note", "string"),
        ("if weight is not null and weight > 3 then weight else 0", "int64"),
        ("if (weight > 3) ?? false then weight else 0", "int64"),
        ("if note is null then \"\" else if weight is null then note else f\"{note}\"", "string"),
        ("if maybe.country is not null then maybe.country else name", "string"),
        ("if maybe is not null then maybe.id else id", "int64"),
        ("if not (note is null) then note else name", "string"),
        ("note is null or note == \"a\"", "bool"),
        ("match note { null => name, _ => note }", "string"),
        ("match weight { 1 => weight, 2 | null => 0, _ => weight }", "int64"),
        // What is only true of one side of `or`, or of a condition that may be null, tells nothing.
        ("if note is not null or vip then note else name", "string?"),
        ("match weight { 1 | null => weight, _ => 0 }", "int64?"),
    ] {
        let checked = check(text);
        assert_eq!(shown(&checked), [""; 0], "{text}");
        assert_eq!(checked.value.ty.to_string(), expected, "{text}");
    }
}
