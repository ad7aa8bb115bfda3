//! `lints:` of `pipewright.yaml`: how loud each lint is, for all programs below the folder, in every environment.
//!
//! ```yaml
//! lints:
//!   warnings: deny
//!   single-partition-topic: allow
//! ```

use pipewright_compiler::levels::{Level, Said};
use serde_yaml::{Mapping, Value};

use super::{Problem, Reader};

/// What the file says of lints.
pub(super) fn read(reader: &Reader<'_>, root: &Mapping) -> Result<Said, Problem> {
    let mut said = Said::default();
    let Some(value) = root.get("lints").filter(|it| !it.is_null()) else { return Ok(said) };
    for (key, value) in reader.mapping(value, &["lints"])? {
        let name = reader.name(key, &["lints"])?;
        let place = ["lints", name];
        let level = match value {
            Value::String(word) => Level::ALL.into_iter().find(|it| it.word() == word),
            _ => None,
        };
        let Some(level) = level else {
            let help = format!("write `{name}: deny`, `warn`, `info` or `allow`");
            return Err(reader.at(&place, format!("how loud is `{name}`?"), Some(help)));
        };
        said.set(name, level).map_err(|problem| reader.at(&place, problem.message, problem.help))?;
    }
    Ok(said)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use pipewright_compiler::levels::Level;

    use crate::environment::read;

    #[test]
    fn levels_hold_in_every_environment_and_without_one() {
        let text = "lints:\n  warnings: deny\n  single-partition-topic: allow\nenvironments:\n  prod:\n";
        for name in [None, Some("prod")] {
            let lints = read("pipewright.yaml", text, name).unwrap().lints;
            assert_eq!(lints.level("single-partition-topic"), Some(Level::Allow));
            assert_eq!(lints.level("tls-unverified"), Some(Level::Deny));
        }
        assert!(read("pipewright.yaml", "lints:\n", None).is_ok());
    }

    #[test]
    fn what_cannot_be_set_is_told_with_its_line() {
        let shown = |text: &str| {
            let it = read("pipewright.yaml", text, None).unwrap_err();
            format!("{it} / {}", it.help.as_deref().unwrap_or_default())
        };
        assert_eq!(
            shown("default: null\nlints:\n  tls-unverifed: warn\n").split_once(": ").unwrap().1,
            "expected the name of an environment / "
        );
        assert_eq!(
            shown("lints:\n  tls-unverifed: warn\n"),
            "pipewright.yaml:2: there is no lint `tls-unverifed` / did you mean `tls-unverified`?"
        );
        assert_eq!(
            shown("lints:\n  tls-unverified: error\n"),
            "pipewright.yaml:2: how loud is `tls-unverified`? / write `tls-unverified: deny`, `warn`, `info` or `allow`"
        );
        assert_eq!(
            shown("lints:\n\n  unknown-field: allow\n"),
            "pipewright.yaml:3: `unknown-field` is no lint: it is an error wherever it is found / \
             `pipewright explain unknown-field` tells what happens otherwise"
        );
        assert_eq!(shown("lints: deny\n"), "pipewright.yaml:1: `lints` needs entries `name: value` / ");
    }
}
