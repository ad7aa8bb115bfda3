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
    on_64_mib(vec!["id"; 10_000].join("\n + "), "int64");
    on_64_mib(vec!["1"; 10_000].join("\n + "), "int64");
    on_64_mib(vec!["flag"; 10_000].join("\n and "), "bool?");
    on_64_mib(vec!["note"; 10_000].join("\n ?? "), "string?");
    on_64_mib(format!("[{}]", vec!["id"; 10_000].join(",\n")), "list<int64>");
}
