//! Values of options in YAML: the text forms of the language (`30s`, `8MiB`, `1%`) mean here what they mean there, and
//! `{ env: NAME, default: … }` and `{ file: path }` are what `env(…)` and `file(…)` are in a program.

use pipewright_plan::{OptionValue, Options};
use serde_yaml::{Mapping, Value};

/// A YAML value as the value of an option.
pub fn option(value: &Value) -> Result<OptionValue, String> {
    Ok(match value {
        Value::Null => OptionValue::Null,
        Value::Bool(it) => OptionValue::Bool(*it),
        Value::Number(it) => match it.as_i64() {
            Some(whole) => OptionValue::Int(whole),
            None => OptionValue::Number(it.to_string()),
        },
        Value::String(text) => scalar(text)?,
        Value::Sequence(items) => OptionValue::List(items.iter().map(option).collect::<Result<_, _>>()?),
        Value::Mapping(entries) => match reference(entries)? {
            Some(reference) => reference,
            None => {
                let mut record = Options::new();
                for (key, value) in entries {
                    let key = key.as_str().ok_or("a name here is text")?;
                    record.insert(key.into(), option(value)?);
                }
                OptionValue::Record(record)
            }
        },
        Value::Tagged(_) => return Err("tags (`!…`) mean nothing here".into()),
    })
}

/// `{ env: NAME }`, `{ env: NAME, default: text }`, `{ file: path }`.
fn reference(entries: &Mapping) -> Result<Option<OptionValue>, String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    };
    if let Some(name) = entries.get("env") {
        let name = name.as_str().ok_or("`env` needs the name of a variable")?;
        let fallback = match entries.get("default") {
            None => None,
            Some(value) => Some(text(value).ok_or("`default` is text or a number")?),
        };
        let known = 1 + usize::from(fallback.is_some());
        if entries.len() > known {
            return Err("beside `env` there can only be `default`".into());
        }
        return Ok(Some(OptionValue::Env { name: name.into(), fallback }));
    }
    if let Some(path) = entries.get("file").filter(|_| entries.len() == 1) {
        let path = path.as_str().ok_or("`file` needs a path")?;
        return Ok(Some(OptionValue::File(path.into())));
    }
    Ok(None)
}

/// Text, a duration, a size or a percentage. Anything that is not wholly one of the latter is text.
fn scalar(text: &str) -> Result<OptionValue, String> {
    if let Some(parts) = units(text) {
        let micros = |unit: &str| {
            Some(match unit {
                "us" => 1,
                "ms" => 1_000,
                "s" => 1_000_000,
                "m" => 60_000_000,
                "h" => 3_600_000_000,
                "d" => 86_400_000_000_i64,
                _ => return None,
            })
        };
        if let Some(scales) = parts.iter().map(|(_, unit)| micros(unit)).collect::<Option<Vec<_>>>() {
            let sum = parts.iter().zip(scales).try_fold(0_i64, |sum, ((number, _), scale)| {
                number.parse::<i64>().ok()?.checked_mul(scale)?.checked_add(sum)
            });
            return sum.map(OptionValue::Duration).ok_or_else(|| format!("`{text}` is too long a duration"));
        }
        if let [(number, unit)] = parts.as_slice() {
            let scale = match *unit {
                "B" => Some(1_u64),
                "KiB" => Some(1 << 10),
                "MiB" => Some(1 << 20),
                "GiB" => Some(1 << 30),
                _ => None,
            };
            if let Some(scale) = scale {
                let size = number.parse::<u64>().ok().and_then(|it| it.checked_mul(scale));
                return size.map(OptionValue::Size).ok_or_else(|| format!("`{text}` is too large a size"));
            }
        }
    }
    if let Some(percent) = text.strip_suffix('%').and_then(parts_per_million) {
        return Ok(OptionValue::Percent(percent));
    }
    Ok(OptionValue::String(text.into()))
}

/// `1h30m` as `[("1", "h"), ("30", "m")]`.
fn units(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut parts = vec![];
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|it: char| !it.is_ascii_digit()).filter(|it| *it > 0)?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|it: char| it.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        parts.push((number, unit));
        rest = after;
    }
    (!parts.is_empty()).then_some(parts)
}

/// `0.5` percent as 5,000 parts per million.
fn parts_per_million(percent: &str) -> Option<u32> {
    let (whole, fraction) = percent.split_once('.').unwrap_or((percent, ""));
    let digits = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 4 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction = format!("{fraction:0<4}").parse::<u32>().ok()?;
    whole.parse::<u32>().ok()?.checked_mul(10_000)?.checked_add(fraction)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_of_the_language() {
        for (text, expected) in [
            ("30s", OptionValue::Duration(30_000_000)),
            ("1h30m", OptionValue::Duration(5_400_000_000)),
            ("250ms", OptionValue::Duration(250_000)),
            ("8MiB", OptionValue::Size(8 << 20)),
            ("512B", OptionValue::Size(512)),
            ("1%", OptionValue::Percent(10_000)),
            ("0.5%", OptionValue::Percent(5_000)),
            ("127.0.0.1:9092", OptionValue::String("127.0.0.1:9092".into())),
            ("30 s", OptionValue::String("30 s".into())),
            ("8MB", OptionValue::String("8MB".into())),
            ("%", OptionValue::String("%".into())),
            ("", OptionValue::String(String::new())),
            ("5", OptionValue::String("5".into())),
        ] {
            assert_eq!(scalar(text).unwrap(), expected, "{text}");
        }
        assert!(scalar("99999999999999999999s").is_err());
        assert!(scalar("9999999999999GiB").is_err());
    }

    #[test]
    fn references_and_blocks() {
        let option = |text: &str| option(&serde_yaml::from_str(text).unwrap());
        assert_eq!(option("{ env: A }"), Ok(OptionValue::Env { name: "A".into(), fallback: None }));
        assert_eq!(
            option("{ env: A, default: 5 }"),
            Ok(OptionValue::Env { name: "A".into(), fallback: Some("5".into()) })
        );
        assert_eq!(option("{ file: secret.txt }"), Ok(OptionValue::File("secret.txt".into())));
        assert_eq!(option("{ env: A, x: 1 }"), Err("beside `env` there can only be `default`".into()));
        assert_eq!(
            option("{ linger.ms: 20 }"),
            Ok(OptionValue::Record(Options::from([("linger.ms".into(), OptionValue::Int(20))])))
        );
        assert_eq!(option("[1, a]"), Ok(OptionValue::List(vec![OptionValue::Int(1), OptionValue::String("a".into())])));
    }
}
