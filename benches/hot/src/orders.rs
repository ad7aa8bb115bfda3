//! The reference input: JSON orders of about 300 bytes, the same ones each time.

use std::fmt::Write as _;

/// Xorshift: the same numbers each time.
pub struct Numbers(u64);

impl Default for Numbers {
    fn default() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }
}

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let at = usize::try_from(self.below(from.len() as u64)).unwrap_or_default();
        from.get(at).copied().unwrap_or_default()
    }
}

const FIRST: &[&str] = &["Alice", "Bob", "Chloe", "Dmitri", "Elena", "Farid", "Grace", "Hans", "Ingrid", "Jose"];
const LAST: &[&str] =
    &["Johnson", "Schmidt", "Garcia", "Ivanov", "Rossi", "Tanaka", "Nguyen", "Okafor", "Silva", "Khan"];
const COUNTRY: &[&str] = &["de", "us", "fr", "br", "jp", "in", "gb", "it", "es", "nl"];
const TIER: &[&str] = &["gold", "silver", "bronze", "none"];
const CURRENCY: &[&str] = &["EUR", "USD", "GBP", "JPY"];
const STATUS: &[&str] = &["paid", "pending", "shipped", "cancelled", "refunded"];

/// Writes the next order; gives its customer.
pub fn order(i: u64, numbers: &mut Numbers, out: &mut String) -> u64 {
    out.clear();
    let (first, last) = (numbers.pick(FIRST), numbers.pick(LAST));
    let second = i / 12 % 86_400;
    let day = 1 + i / 40_000 % 28;
    let name = match numbers.below(50) {
        0 => format!("{first} \\\"Z\\u00e9\\\" {last}"),
        1 => format!("{first} Müller-{last}"),
        _ => format!("{first} {last}"),
    };
    let customer = numbers.below(200_000);
    let mut cents = 0;
    let mut items = String::new();
    for n in 0..=numbers.below(2) {
        let (quantity, price) = (1 + numbers.below(4), 199 + numbers.below(9_800));
        cents += quantity * price;
        let comma = if n > 0 { "," } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(
            items,
            "{comma}{{\"sku\":\"SKU-{:05}\",\"qty\":{quantity},\"price\":{}.{:02}}}",
            numbers.below(100_000),
            price / 100,
            price % 100
        );
    }
    let _ = write!(
        out,
        "{{\"order_id\":\"ord-{i:09}\",\"ts\":\"2025-01-{day:02}T{:02}:{:02}:{:02}.{:03}Z\",\"customer\":{{\"id\":{customer},\
         \"name\":\"{name}\",\"email\":\"{}.{}@example.com\",\"country\":\"{}\",\"tier\":\"{}\"}},\"items\":[{items}],\
         \"amount\":{}.{:02},\"currency\":\"{}\",\"status\":\"{}\"}}",
        second / 3600,
        second / 60 % 60,
        second % 60,
        i % 1000,
        first.to_lowercase(),
        last.to_lowercase(),
        numbers.pick(COUNTRY),
        numbers.pick(TIER),
        cents / 100,
        cents % 100,
        numbers.pick(CURRENCY),
        numbers.pick(STATUS),
    );
    customer
}
