//! What a literal secret looks like.

/// Whether a literal gives a secret away: a URL with a password in it, or any text that is no URL.
pub(crate) fn holds_password(text: &str) -> bool {
    match text.split_once("://") {
        Some((_, rest)) => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let in_user = authority
                .rsplit_once('@')
                .is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, password)| !password.is_empty()));
            in_user || rest.split_once('?').is_some_and(|(_, query)| query.contains("password="))
        }
        None => !text.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::holds_password;

    #[test]
    fn only_urls_without_a_password_are_harmless() {
        assert!(holds_password("postgres://shop:geheim@db/shop"));
        assert!(holds_password("postgres://db/shop?user=shop&password=x"));
        assert!(holds_password("hunter2"));
        assert!(!holds_password("postgres://shop@db:5432/shop"));
        assert!(!holds_password("postgres://localhost/shop"));
    }
}
