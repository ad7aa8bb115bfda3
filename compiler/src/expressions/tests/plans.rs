//! What expressions are lowered to.

use pipewright_plan::{Expr, ExprKind};

use super::check;

/// The shape of an expression, in one line.
fn outline(expr: &Expr) -> String {
    let all = |list: &[Expr]| list.iter().map(outline).collect::<Vec<_>>().join(" ");
    match &expr.kind {
        ExprKind::Literal(literal) => format!("{literal:?}"),
        ExprKind::Column(name) => name.clone(),
        ExprKind::Local(number) => format!("${number}"),
        ExprKind::Let { local, value, body } => format!("(let ${local} {} {})", outline(value), outline(body)),
        ExprKind::Field { base, name } => format!("{}.{name}", outline(base)),
        ExprKind::Widen(inner) => format!("(widen {})", outline(inner)),
        ExprKind::Arithmetic { op, left, right } => format!("({op:?} {} {})", outline(left), outline(right)),
        ExprKind::Compare { op, left, right } => format!("({op:?} {} {})", outline(left), outline(right)),
        ExprKind::Not(inner) => format!("(not {})", outline(inner)),
        ExprKind::And(terms) => format!("(and {})", all(terms)),
        ExprKind::If { branches, otherwise } => {
            let shown: Vec<_> = branches.iter().map(|(c, v)| format!("{} {}", outline(c), outline(v))).collect();
            format!("(if {} {})", shown.join(" "), outline(otherwise))
        }
        ExprKind::IsNull { operand, .. } => format!("(null? {})", outline(operand)),
        ExprKind::Concat(parts) => format!("(concat {})", all(parts)),
        ExprKind::Match { subject, arms } => {
            let shown: Vec<_> = arms.iter().map(|arm| format!("{:?}:{}", arm.patterns, outline(&arm.value))).collect();
            format!("(match {} {})", outline(subject), shown.join(" "))
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn expressions_are_lowered() {
    for (text, expected) in [
        ("id - small - id", "(Subtract (Subtract id (widen small)) id)"),
        ("id between 1 and 2", "(and (GreaterOrEqual id Int(1)) (LessOrEqual id Int(2)))"),
        (
            "id + id not between 1 and 2",
            "(let $0 (Add id id) (not (and (GreaterOrEqual $0 Int(1)) (LessOrEqual $0 Int(2)))))",
        ),
        ("or_zero(small)", "(let $0 (widen small) (if (null? $0) Int(0) $0))"),
        (
            "or_zero(or_zero(id))",
            "(let $1 (widen (let $0 (widen id) (if (null? $0) Int(0) $0))) (if (null? $1) Int(0) $1))",
        ),
        (
            "match amount { 1.5 | 2 => 1, _ => 0 }",
            "(match amount [Decimal(\"150\"), Decimal(\"200\")]:Int(1) []:Int(0))",
        ),
        // Arms that are never reached do not go into the plan.
        (
            "match vip { true => 1, true => 9, false => 0, _ => 8 }",
            "(match vip [Bool(true)]:Int(1) [Bool(false)]:Int(0))",
        ),
        ("f\"a{name}\"", "(concat Text(\"a\") name)"),
    ] {
        assert_eq!(outline(&check(text).value), expected, "{text}");
    }
}
