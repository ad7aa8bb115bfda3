//! How records are placed on partitions, and the one question that order, upserts and co-partitioning rest on:
//! does this key determine the partition?

use serde::{Deserialize, Serialize};

use crate::{Expr, ExprKind};

/// How a topic places its records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Partitioning {
    /// The parts of the partition key, over the topic's fields; none: the producer spreads records at will.
    pub key: Vec<Expr>,
    /// The function from key bytes to a partition.
    pub partitioner: Partitioner,
    /// How many partitions, if the program says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// The function from key bytes to a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partitioner {
    /// Java's and ours: `(murmur2(key) & 0x7fffffff) % n`; a null key goes anywhere.
    Murmur2,
    /// librdkafka's default: CRC32.
    Consistent,
    /// Not known: an external topic that does not say.
    Unknown,
}

/// Whether all records with equal `key` fields are in one partition: every field that the partition key reads is a
/// key field or is fixed for the key (`fixed`: names of `@fixed` fields, usable only when `key` identifies the row),
/// and the partition key is a deterministic expression of them.
///
/// `rename` maps a field of the topic to its name where the key stands (steps may rename); a field that was dropped or
/// recomputed maps to nothing.
pub fn determines(
    key: &[String],
    partitioning: &Partitioning,
    fixed: &[String],
    rename: &dyn Fn(&str) -> Option<String>,
) -> bool {
    if partitioning.count == Some(1) {
        return true;
    }
    if partitioning.key.is_empty() {
        return false;
    }
    let known = |column: &str| rename(column).is_some_and(|name| key.contains(&name) || fixed.contains(&name));
    partitioning.key.iter().all(|part| depends_only_on(part, &known))
}

/// Whether an expression is deterministic and reads nothing but columns that pass the test.
pub fn depends_only_on(expr: &Expr, known: &dyn Fn(&str) -> bool) -> bool {
    match &expr.kind {
        ExprKind::Column(name) => known(name),
        ExprKind::Meta(_) => false,
        ExprKind::Call { function, .. } if is_nondeterministic(function) => false,
        _ => expr.children().into_iter().all(|child| depends_only_on(child, known)),
    }
}

/// Functions whose value differs from call to call.
pub fn is_nondeterministic(function: &str) -> bool {
    matches!(function, "now" | "random" | "uuid_v4" | "uuid_v7")
}

impl Expr {
    /// The expressions directly inside, in the order of evaluation.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::Meta(_) | ExprKind::Local(_) => vec![],
            ExprKind::Let { value, body, .. } => vec![value, body],
            ExprKind::Field { base, .. } => vec![base],
            ExprKind::Index { base, index } => vec![base, index],
            ExprKind::Widen(operand) | ExprKind::Negate(operand) | ExprKind::Not(operand) => vec![operand],
            ExprKind::IsNull { operand, .. } | ExprKind::Like { operand, .. } | ExprKind::Matches { operand, .. } => {
                vec![operand]
            }
            ExprKind::Arithmetic { left, right, .. } | ExprKind::Compare { left, right, .. } => vec![left, right],
            ExprKind::Call { args: list, .. }
            | ExprKind::And(list)
            | ExprKind::Or(list)
            | ExprKind::Coalesce(list)
            | ExprKind::Concat(list)
            | ExprKind::List(list) => list.iter().collect(),
            ExprKind::In { operand, list, .. } => std::iter::once(&**operand).chain(list).collect(),
            ExprKind::If { branches, otherwise } => {
                branches.iter().flat_map(|(condition, value)| [condition, value]).chain([&**otherwise]).collect()
            }
            ExprKind::Match { subject, arms } => {
                std::iter::once(&**subject).chain(arms.iter().map(|arm| &arm.value)).collect()
            }
            ExprKind::Record(fields) => fields.iter().map(|(_, value)| value).collect(),
        }
    }
}
