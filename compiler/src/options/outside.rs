//! Values of options that an environment's file gives: the same checks as in the program, over plain data.

use pipewright_plan::{OptionType, OptionValue, Options};

use super::{
    holds_password,
    value::{expected, percent},
};

/// Checks a value that an environment's file gives, and brings it to the form the program would have given it.
pub(crate) fn fits(name: &str, value: &OptionValue, ty: &OptionType) -> Result<OptionValue, String> {
    let wrong = || Err(format!("expected {}", expected(ty)));
    match (ty, value) {
        (_, OptionValue::Env { .. } | OptionValue::File(_)) => Ok(value.clone()),
        (OptionType::Bool, OptionValue::Bool(_)) => Ok(value.clone()),
        (OptionType::Int { min, max }, OptionValue::Int(it)) if it >= min && it <= max => Ok(value.clone()),
        (OptionType::String | OptionType::Strings | OptionType::Fields, OptionValue::String(_)) => Ok(value.clone()),
        (OptionType::String | OptionType::Strings, OptionValue::Int(it)) => Ok(OptionValue::String(it.to_string())),
        (OptionType::Strings | OptionType::Fields, OptionValue::List(_)) => Ok(value.clone()),
        (OptionType::Secret, OptionValue::String(text)) if holds_password(name, text) => {
            Err("a secret does not belong in a file: write `${NAME}`".into())
        }
        (OptionType::Secret, OptionValue::String(_)) => Ok(value.clone()),
        (OptionType::Duration, OptionValue::Duration(_)) | (OptionType::Size, OptionValue::Size(_)) => {
            Ok(value.clone())
        }
        (OptionType::Duration, OptionValue::String(text)) => match measure(text, DURATIONS) {
            Some(it) => i64::try_from(it).map(OptionValue::Duration).or_else(|_| wrong()),
            None => wrong(),
        },
        (OptionType::Size, OptionValue::String(text)) => {
            measure(text, SIZES).map_or_else(wrong, |it| Ok(OptionValue::Size(it)))
        }
        (OptionType::Percent, OptionValue::Percent(_)) => Ok(value.clone()),
        (OptionType::Percent, OptionValue::String(text)) => {
            text.strip_suffix('%').and_then(percent).map_or_else(wrong, Ok)
        }
        (OptionType::Choice(words), OptionValue::String(text) | OptionValue::Word(text)) => {
            if words.contains(&text.as_str()) { Ok(OptionValue::Word(text.clone())) } else { wrong() }
        }
        (OptionType::Call(calls), OptionValue::String(text) | OptionValue::Word(text)) => {
            if calls.iter().any(|it| it.name == text) { Ok(OptionValue::Word(text.clone())) } else { wrong() }
        }
        (OptionType::Record(specs), OptionValue::Record(entries)) => {
            let mut result = Options::new();
            for (name, value) in entries {
                match specs.iter().find(|spec| spec.name == name) {
                    Some(spec) => {
                        let value = fits(name, value, &spec.ty).map_err(|why| format!("`{name}`: {why}"))?;
                        result.insert(name.clone(), value);
                    }
                    None => {
                        let known: Vec<&str> = specs.iter().map(|it| it.name).collect();
                        return Err(format!("there is no option `{name}`; known are: {}", known.join(", ")));
                    }
                }
            }
            Ok(OptionValue::Record(result))
        }
        (OptionType::Properties, OptionValue::Record(_)) => Ok(value.clone()),
        _ => wrong(),
    }
}

const DURATIONS: &[(&str, u64)] =
    &[("ms", 1_000), ("us", 1), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000)];
const SIZES: &[(&str, u64)] = &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];

/// `1h30m`: numbers with units.
fn measure(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let mut rest = text;
    let mut total = 0u64;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|it: char| it.is_ascii_digit()).len();
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let (unit, factor) = units.iter().find(|(unit, _)| rest.starts_with(unit))?;
        rest = rest.get(unit.len()..)?;
        total = total.checked_add(number.checked_mul(*factor)?)?;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn measures_of_an_environment_are_read_as_in_the_program() {
        assert_eq!(measure("1h30m", DURATIONS), Some(5_400_000_000));
        assert_eq!(measure("200ms", DURATIONS), Some(200_000));
        assert_eq!(measure("8MiB", SIZES), Some(8 << 20));
        assert_eq!(measure("8", SIZES), None);
        assert_eq!(measure("", SIZES), None);
    }

    #[test]
    fn shares_are_parts_per_million() {
        assert_eq!(percent("1"), Some(OptionValue::Percent(10_000)));
        assert_eq!(percent("0.05"), Some(OptionValue::Percent(500)));
        assert_eq!(percent("101"), None);
    }
}
