//! Long expressions, on the stack that the compiler runs on.

use super::{check, shown};

fn on_64_mib(text: String, ty: &'static str) {
    let run = move || {
        let checked = check(&text);
        assert_eq!(shown(&checked), [""; 0]);
        assert_eq!(checked.value.ty.to_string(), ty);
    };
    std::thread::Builder::new().stack_size(64 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn ten_thousand_terms_are_fine() {
    on_64_mib(vec!["id"; 10_000].join(" + "), "int64");
    on_64_mib(vec!["1"; 10_000].join(" + "), "int64");
    on_64_mib(vec!["flag"; 10_000].join(" and "), "bool?");
    on_64_mib(vec!["score"; 10_000].join(" * "), "float64");
    on_64_mib(vec!["note"; 10_000].join(" ?? "), "string?");
    on_64_mib(format!("{}vip", "not ".repeat(10_000)), "bool");
    on_64_mib(format!("{}id", "-".repeat(10_000)), "int64");
    on_64_mib(format!("[{}]", vec!["id"; 10_000].join(", ")), "list<int64>");
}
