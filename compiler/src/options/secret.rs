//! What a literal secret looks like.

/// Whether a literal gives a secret away: a URL with a password in it, or any text where no URL is expected.
pub(crate) fn holds_password(option: &str, text: &str) -> bool {
    match text.split_once("://") {
        Some((_, rest)) => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let in_user = authority
                .rsplit_once('@')
                .is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, password)| !password.is_empty()));
            in_user || rest.split_once('?').is_some_and(|(_, query)| query.contains("password="))
        }
        None => !text.is_empty() && !option.ends_with("url"),
    }
}

#[cfg(test)]
mod tests {
    use super::holds_password;

    #[test]
    fn only_urls_without_a_password_are_harmless() {
        assert!(holds_password("url", "postgres://shop:geheim@db/shop"));
        assert!(holds_password("url", "postgres://db/shop?user=shop&password=x"));
        assert!(holds_password("password", "hunter2"));
        assert!(!holds_password("url", "postgres://shop@db:5432/shop"));
        assert!(!holds_password("url", "postgres://localhost/shop"));
        assert!(!holds_password("url", "localhost/shop"));
    }
}
